/** Scripts for browsers. They are deployed as text modules (components/packaging.py). */
declare module "*.txt" {
  const text: string;
  export default text;
}
