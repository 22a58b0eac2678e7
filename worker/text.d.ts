/** Browser code, deployed as text (components/packaging.py). */
declare module "*.txt" {
  const text: string;
  export default text;
}
