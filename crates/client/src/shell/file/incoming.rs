//! A file on its way in: under a temporary name until it is whole.

use std::fs::Permissions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use tempfile::{Builder, NamedTempFile};

use super::{Failure, name};
use crate::shell::console::Console;
use crate::shell::shown;
use crate::text::Text;

/// As any program asks for; the person's umask takes away what it should.
const PERMISSIONS: u32 = 0o666;

/// A file of which some bytes have come. Dropped, it leaves nothing behind.
#[derive(Debug)]
pub(in crate::shell) struct Incoming {
    file: NamedTempFile,
    pub(in crate::shell) size: u64,
}

impl Incoming {
    /// A new file in `directory`.
    pub(in crate::shell) fn create(directory: &Path) -> Result<Self, Failure> {
        let file = Builder::new()
            .prefix(".kabar-")
            .suffix(".part")
            .permissions(Permissions::from_mode(PERMISSIONS))
            .tempfile_in(directory)
            .map_err(Failure::Unsaved)?;
        Ok(Self { file, size: 0 })
    }

    pub(in crate::shell) fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.size += bytes.len() as u64;
        self.file.write_all(bytes).map_err(Failure::Unsaved)
    }

    /// Gives the file a safe name made from `name`, and returns it. What is there already is replaced
    /// only if a person agrees.
    pub(in crate::shell) fn save(
        mut self,
        name: &str,
        console: &mut Console,
    ) -> Result<String, Failure> {
        self.file.flush().map_err(Failure::Unsaved)?;
        let name = name::safe(name);
        let path = console.directory.join(&name);
        let is_file = path.symlink_metadata().is_ok_and(|found| found.is_file());
        let question = console.say(Text::FileOverwrite, &[("name", &shown::plain(&name))]);
        if is_file && console.agrees(&question).map_err(Failure::Unsaved)? {
            self.file.persist(path).map_err(|error| Failure::Unsaved(error.error))?;
            return Ok(name);
        }
        let mut file = self.file;
        for number in 0..name::NAMES_MAX {
            let name = name::numbered(&name, number);
            match file.persist_noclobber(console.directory.join(&name)) {
                Ok(_) => return Ok(name),
                Err(taken) if taken.error.kind() == ErrorKind::AlreadyExists => file = taken.file,
                Err(other) => return Err(Failure::Unsaved(other.error)),
            }
        }
        Err(Failure::Unsaved(io::Error::from(ErrorKind::AlreadyExists)))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;

    use super::*;
    use crate::shell::terminal::screen::Screen;
    use crate::shell::terminal::{Plain, Source, Typed};
    use kabar_catalogue::Lang;

    /// Somebody who has an answer for every question.
    struct Person(&'static str);

    impl Source for Person {
        fn next(&mut self, prompt: &str, _: &Screen) -> io::Result<Typed> {
            assert!(prompt.contains("x.txt"), "{prompt}");
            Ok(Typed::Line(self.0.to_owned()))
        }

        fn is_person(&self) -> bool {
            true
        }
    }

    fn saved(directory: &Path, source: Box<dyn Source>, contents: &str) -> String {
        let screen = Screen::plain(io::sink());
        let mut console = Console::plain(source, screen, Lang::En, directory);
        let mut file = Incoming::create(directory).unwrap();
        file.write(contents.as_bytes()).unwrap();
        file.save("../x.txt", &mut console).unwrap()
    }

    fn names(directory: &Path) -> BTreeSet<String> {
        let entries = fs::read_dir(directory).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn nothing_is_replaced_without_asking() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let read = |name: &str| fs::read_to_string(place.join(name)).unwrap();
        let pipe = || Box::new(Plain::new(io::empty()));
        assert_eq!(saved(place, pipe(), "1"), "x.txt");
        assert_eq!(saved(place, pipe(), "2"), "x (1).txt");
        assert_eq!(saved(place, Box::new(Person("n")), "3"), "x (2).txt");
        assert_eq!(saved(place, Box::new(Person(" Y ")), "4"), "x.txt");
        assert_eq!([read("x.txt"), read("x (1).txt"), read("x (2).txt")], ["4", "2", "3"]);
        assert_eq!(names(place).len(), 3);
    }

    #[test]
    fn no_link_and_no_directory_is_followed_or_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path().join("secret"), place.join("x.txt")).unwrap();
        assert_eq!(saved(place, Box::new(Person("y")), "1"), "x (1).txt");
        fs::create_dir(place.join("x (2).txt")).unwrap();
        assert_eq!(saved(place, Box::new(Person("y")), "2"), "x (3).txt");
        assert!(names(outside.path()).is_empty());
    }

    #[test]
    fn a_file_that_did_not_become_whole_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let mut file = Incoming::create(directory.path()).unwrap();
        file.write(b"half").unwrap();
        assert_eq!(names(directory.path()).len(), 1);
        drop(file);
        assert!(names(directory.path()).is_empty());
        assert!(matches!(Incoming::create(&directory.path().join("no")), Err(Failure::Unsaved(_))));
    }
}
