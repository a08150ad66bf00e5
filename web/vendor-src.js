// The only code by others in the app, as one file. VENDOR.md says how it is made.
import { h } from 'preact';
import htm from 'htm';

export { h, render, Fragment, createContext, createRef, cloneElement, options } from 'preact';
export { useState, useReducer, useEffect, useLayoutEffect, useRef, useMemo, useCallback, useContext, useId } from 'preact/hooks';
export { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from '@preact/signals';

// htm reads templates into vnodes without eval: it walks the literal's parts.
export const html = htm.bind(h);
