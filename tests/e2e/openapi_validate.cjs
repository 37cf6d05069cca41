// Validates OpenAPI documents by @apidevtools/swagger-parser, which knows both 2.0 and 3.0: the schemas of the
// specifications, references, parameters of paths, operation ids.
// usage: node openapi_validate.cjs FILE...     the module is looked for in NODE_PATH
const parser = require('@apidevtools/swagger-parser');

(async () => {
  let failed = 0;
  for (const file of process.argv.slice(2)) {
    try {
      await parser.validate(file, { dereference: { circular: 'ignore' } });
    } catch (error) {
      failed = 1;
      console.error(`${file}: ${error.message.slice(0, 2000)}`);
    }
  }
  process.exit(failed);
})();
