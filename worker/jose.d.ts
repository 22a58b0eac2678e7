/** What listeners.js uses of jose. */

export declare function compactVerify(
  jws: string,
  key: CryptoKey | Uint8Array,
  options: { algorithms: string[] },
): Promise<{ payload: Uint8Array }>;

/** The public key in `pem`, to verify signatures of `algorithm` with. */
export declare function importSPKI(pem: string, algorithm: string): Promise<CryptoKey>;
