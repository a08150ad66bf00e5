// What of the directory `web` is the app; the rest are tools and tests. Both who packs it and who serves it from a
// directory include this.
[
    "index.html",
    "offline.html",
    "sw.js",
    "manifest.webmanifest",
    "app",
    "vendor",
    "i18n",
    "icons",
]
