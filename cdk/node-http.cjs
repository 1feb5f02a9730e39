// What bundles get for `node:http`. Importing the module itself would read every export of it, WebSocket among them, for
// which Node loads all of undici: a fifth of a function's import time, for nothing that it uses.
// biome-ignore lint/style/useNodejsImportProtocol: with the prefix, the name stands for this file.
module.exports = require("http");
