/** Where the API server is and how we prove who we are. */
export interface KubeAccess {
  readonly server: string;
  readonly ca: string | undefined;
  readonly clientCertificate: string | undefined;
  readonly clientKey: string | undefined;
  readonly serverName: string | undefined;
  readonly skipVerify: boolean;
  readonly namespace: string;
  /** `Bearer …` as it is now; `fresh` after a 401. */
  readonly authorization: (fresh: boolean) => Promise<string | undefined>;
}
