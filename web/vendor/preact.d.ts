// Types of the vendored file, for `tsc` only.
export { h, render, Fragment, createContext, createRef, cloneElement, options } from 'preact';
export { useState, useReducer, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext, useId } from 'preact/hooks';
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from '@preact/signals';
export function html(strings: TemplateStringsArray, ...values: any[]): any;
