#include <google/protobuf/compiler/code_generator.h>
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream.h>

#include <fstream>
#include <map>
#include <memory>
#include <sstream>

#include "model.h"

namespace apigen {
namespace {

using google::protobuf::compiler::GeneratorContext;

class Generator : public google::protobuf::compiler::CodeGenerator {
 public:
  uint64_t GetSupportedFeatures() const override { return 0; }

  bool Generate(const FileDescriptor*, const std::string&, GeneratorContext*,
                std::string* error) const override {
    *error = "apigen works on all files at once";
    return false;
  }

  bool GenerateAll(const std::vector<const FileDescriptor*>& files, const std::string& parameter,
                   GeneratorContext* context, std::string* error) const override {
    std::vector<std::pair<std::string, std::string>> options;
    google::protobuf::compiler::ParseGeneratorParameter(parameter, &options);
    const std::map<std::string, std::string> named(options.begin(), options.end());
    if (!named.count("resources") || !named.count("descriptions")) {
      *error = "the parameters resources=FILE,descriptions=FOLDER are missing";
      return false;
    }
    std::ifstream in(named.at("resources"));
    std::stringstream table;
    table << in.rdbuf();
    const Model model(files);
    for (const FileDescriptor* file : files) {
      if (!model.has_structs(file)) continue;
      const std::string stem = "api/gen/" + Model::alias(file);
      write(context, stem + ".h", emit_header(model, file));
      write(context, stem + ".cc", emit_source(model, file));
    }
    write(context, "api/gen/scheme_tables.cc", emit_scheme(model, files, table.str(), error));
    if (!error->empty()) return false;
    write(context, "api/gen/descriptions.cc",
          emit_descriptions(model, files, named.at("descriptions"), error));
    return error->empty();
  }

 private:
  static void write(GeneratorContext* context, const std::string& name, const std::string& text) {
    std::unique_ptr<google::protobuf::io::ZeroCopyOutputStream> stream(context->Open(name));
    google::protobuf::io::CodedOutputStream(stream.get()).WriteString(text);
  }
};

}  // namespace
}  // namespace apigen

int main(int argc, char** argv) {
  apigen::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
