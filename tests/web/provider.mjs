// An identity provider by npm's oidc-provider: `node provider.mjs FOLDER PORT SETTINGS`; the first has its node_modules.
import { pathToFileURL } from "node:url";

const [folder, port, settings] = process.argv.slice(2);
const { client, claims } = JSON.parse(settings);
const { Provider } = await import(pathToFileURL(`${folder}/node_modules/oidc-provider/lib/index.js`));
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"], email: ["email", "email_verified"] },
  findAccount: (_context, id) => ({ accountId: id, claims: () => ({ sub: id, ...claims }) }),
  cookies: { keys: ["of no worth"] },
  features: { rpInitiatedLogout: { enabled: true } },
});
provider.listen(Number(port), "127.0.0.1", () => console.log("listens"));
