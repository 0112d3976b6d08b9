// What the check of our scripts takes for granted of pages (see tsconfig.json). Which element a selector finds, and so which
// properties it has, is in the templates; the types of DOM objects say only "some element". Our own objects stay checked.
interface Element { [name: string]: any }
interface Event { [name: string]: any }
interface HTMLFormControlsCollection { [name: string]: any }

// Not all names: the store, the socket and the desks are event targets too, and what these have is to be checked.
interface EventTarget {
  checked: any;
  closest: any;
  matches: any;
  name: any;
  type: any;
  value: any;
}

// Libraries that pages load with a script of their own, see web/assets.py.
interface Window { echarts: any; htmx: any }
