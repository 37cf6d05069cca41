// The source of one group version: special members and the constant tables.
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>

#include "model.h"

namespace apigen {
namespace {

std::string fail_text(const FieldModel& f) { return f.descriptor->full_name(); }

std::string ops(const FieldModel& f) {
  if (f.rep == "List") return ", .list = &api::list_ops<" + f.element + ">";
  if (f.rep == "Map") return ", .map = &api::map_ops<" + f.element + ">";
  if (f.rep == "Optional" && f.kind != "Message")
    return ", .optional = &api::optional_ops<" + f.element + ">";
  return "";
}

std::string message_ref(const FieldModel& f) {
  return f.message ? "&" + Model::qualified(f.message) + "::kDescriptor" : "nullptr";
}

std::string offset_of(const Model& model, const std::string& type, const FieldModel& f) {
  if (!f.options.embedded()) return "offsetof(" + type + ", " + f.cpp_name + ")";
  std::vector<const FieldModel*> inner;
  model.json_fields(model.of(f.message), inner);
  const std::string base = Model::qualified(f.message);
  return "offsetof(" + type + ", " + inner[0]->cpp_name + ") - offsetof(" + base + ", " + inner[0]->cpp_name +
         ")";
}

template <class Strings>
std::string string_array(std::string& out, const std::string& name, const Strings& values) {
  if (values.empty()) return "";
  out += "constexpr std::string_view " + name + "[] = {";
  for (const auto& v : values) out += quote(v) + ", ";
  out += "};\n";
  return name;
}

std::string capital(std::string s) {
  if (!s.empty()) s[0] = static_cast<char>(std::toupper(s[0]));
  return s;
}

std::string map_type(const std::string& s) { return s.empty() ? "None" : capital(s); }

std::string patch_flags(const std::string& s) {
  std::string out;
  if (s.find("merge") != std::string::npos) out += " | api::Patch::kMerge";
  if (s.find("replace") != std::string::npos) out += " | api::Patch::kReplace";
  if (s.find("retainKeys") != std::string::npos) out += " | api::Patch::kRetainKeys";
  return out.empty() ? "" : out.substr(3);
}

template <class Strings>
std::string join(const Strings& values, const char* separator) {
  std::string out;
  for (const auto& v : values) out += (out.empty() ? "" : separator) + v;
  return out;
}

std::string field_entry(const Model& model, std::string& out, const std::string& type, const FieldModel& f,
                        const std::string& id) {
  const auto& o = f.options;
  const std::string values = string_array(out, "kValues_" + id, o.values());
  const std::string keys = string_array(out, "kKeys_" + id, o.map_keys());
  std::string e = "    {.name = " + quote(f.json_name) + ", .proto_name = " + quote(f.descriptor->name());
  e += ", .number = " + std::to_string(f.descriptor->number()) + ", .offset = " + offset_of(model, type, f);
  e += ", .kind = api::Kind::" + f.kind + ", .rep = api::Rep::" + f.rep;
  if (o.omitempty()) e += ", .omitempty = true";
  if (o.omitzero()) e += ", .omitzero = true";
  if (o.required()) e += ", .required = true";
  if (o.enum_closed()) e += ", .enum_closed = true";
  if (o.has_list_type()) e += ", .list_type = api::ListType::" + capital(o.list_type());
  if (o.has_map_type()) e += ", .map_type = api::MapType::" + capital(o.map_type());
  if (o.has_patch()) e += ", .patch = " + patch_flags(o.patch());
  if (f.message) e += ", .message = " + message_ref(f);
  e += ops(f);
  if (o.has_default_()) e += ", .default_json = " + quote(o.default_());
  if (o.has_merge_key()) e += ", .merge_key = " + quote(o.merge_key());
  if (o.has_enum_type()) e += ", .enum_type = " + quote(o.enum_type());
  if (o.gates_size()) e += ", .feature_gates = " + quote(join(o.gates(), ","));
  if (o.markers_size()) e += ", .markers = " + quote(join(o.markers(), "\n"));
  if (!values.empty()) e += ", .values = " + values;
  if (!keys.empty()) e += ", .map_keys = " + keys;
  return e + "},\n";
}

std::string wire_entry(const Model& model, const std::string& type, const FieldModel& f) {
  // A list message held by value (Verbs) is a nil slice in Go when empty, and then not written.
  const bool omit_empty = f.message && f.rep == "Value" && model.of(f.message).options.form() == "List";
  return "    {.tag = " + std::to_string(f.tag) + ", .offset = " + offset_of(model, type, f) +
         ", .kind = api::Kind::" + f.kind + ", .rep = api::Rep::" + f.rep +
         ", .omit_empty = " + (omit_empty ? "true" : "false") + ", .message = " + message_ref(f) + ops(f) +
         "},\n";
}

// Kept small on purpose, for there are about 1500 structs: copies walk the tables, assignments reuse the
// constructors.
void emit_special_members(std::string& out, const std::string& n, bool is_base) {
  out += n + "::" + n + "() = default;\n";
  out += n + "::" + n + "(const " + n + "& o) : " + n + "() { api::copy_fields(kDescriptor, this, &o); }\n";
  out += n + "::" + n + "(" + n + "&&) noexcept = default;\n";
  out += n + "& " + n + "::operator=(const " + n + "& o) { return *this = " + n + "(o); }\n";
  if (is_base)  // a base subobject must not be destroyed and made anew
    out += n + "& " + n + "::operator=(" + n + "&&) noexcept = default;\n";
  else
    out +=
        n + "& " + n + "::operator=(" + n + "&& o) noexcept { return api::replace(*this, std::move(o)); }\n";
  out += n + "::~" + n + "() = default;\n";
}

// "k8s.io.api.core.v1.Pod" -> "io.k8s.api.core.v1.Pod", the name that OpenAPI documents publish.
std::string openapi_name(const std::string& full) {
  constexpr std::string_view kDomain = "k8s.io.";
  std::string out = full.starts_with(kDomain) ? "io.k8s." + full.substr(kDomain.size()) : full;
  if (auto at = out.find("apiextensions_apiserver"); at != std::string::npos) out[at + 13] = '-';
  if (auto at = out.find("kube_aggregator"); at != std::string::npos) out[at + 4] = '-';
  return out;
}

void emit_message(std::string& out, const Model& model, const MessageModel& m) {
  const std::string n = m.name();
  std::vector<const FieldModel*> json;
  model.json_fields(m, json);
  std::string entries;
  for (const auto* f : json) entries += field_entry(model, out, n, *f, n + "_" + f->cpp_name);
  if (!json.empty()) out += "constexpr api::Field kFields_" + n + "[] = {\n" + entries + "};\n";

  std::vector<std::size_t> by_name(json.size());
  for (std::size_t i = 0; i < by_name.size(); ++i) by_name[i] = i;
  std::sort(by_name.begin(), by_name.end(),
            [&](auto a, auto b) { return json[a]->json_name < json[b]->json_name; });
  if (!json.empty()) {
    out += "constexpr uint16_t kNames_" + n + "[] = {";
    for (auto i : by_name) out += std::to_string(i) + ", ";
    out += "};\n";
  }

  std::vector<const FieldModel*> wire;
  for (const auto& f : m.fields) wire.push_back(&f);
  std::sort(wire.begin(), wire.end(), [](auto* a, auto* b) { return a->tag < b->tag; });
  if (!wire.empty()) {
    out += "constexpr api::WireField kWire_" + n + "[] = {\n";
    for (const auto* f : wire) out += wire_entry(model, n, *f);
    out += "};\n";
  }
  if (m.options.gvk_size()) {
    out += "constexpr api::TypeName kKinds_" + n + "[] = {";
    for (const auto& g : m.options.gvk())
      out += "{" + quote(g.group()) + ", " + quote(g.version()) + ", " + quote(g.kind()) + "}, ";
    out += "};\n";
  }
}

void emit_descriptor(std::string& out, const Model& model, const MessageModel& m) {
  const std::string n = m.name();
  std::vector<const FieldModel*> json;
  model.json_fields(m, json);
  out += "constinit const api::Message " + n + "::kDescriptor = {\n    .name = " + quote(n) +
         ", .full_name = " + quote(m.descriptor->full_name()) +
         ", .openapi_name = " + quote(openapi_name(m.descriptor->full_name())) + ",\n    ";
  if (!json.empty()) out += ".fields = kFields_" + n + ", .by_name = kNames_" + n + ", ";
  if (!m.fields.empty()) out += ".wire = kWire_" + n + ", ";
  if (m.options.gvk_size()) out += ".kinds = kKinds_" + n + ", ";
  if (m.options.has_form()) out += ".form = api::Form::" + m.options.form() + ", ";
  if (m.options.has_map_type()) out += ".map_type = api::MapType::" + map_type(m.options.map_type()) + ", ";
  if (m.options.any_group()) out += ".any_group = true, ";
  if (m.options.type_meta()) out += ".type_meta = true, ";
  if (m.options.json_only()) out += ".json_only = true, ";
  for (const auto* f : json) {
    if (f->json_name != "metadata" || f->rep != "Value" || !f->message) continue;
    if (f->message->full_name() == "k8s.io.apimachinery.pkg.apis.meta.v1.ObjectMeta")
      out += ".object_meta_offset = offsetof(" + n + ", metadata), ";
    if (f->message->full_name() == "k8s.io.apimachinery.pkg.apis.meta.v1.ListMeta")
      out += ".list_meta_offset = offsetof(" + n + ", metadata), ";
  }
  if (m.options.has_unions()) out += ".unions = " + quote(m.options.unions()) + ", ";
  out += "\n    .size = sizeof(" + n + "), .create = api::value_ops<" + n +
         ">.create, .destroy = api::value_ops<" + n + ">.destroy,\n    .clone = api::value_ops<" + n +
         ">.clone, .assign = api::value_ops<" + n + ">.assign,\n};\n";
}

void check_hidden_members(const Model& model, const MessageModel& m) {
  std::vector<const FieldModel*> json;
  model.json_fields(m, json);
  for (std::size_t i = 0; i < json.size(); ++i)
    for (std::size_t k = 0; k < i; ++k)
      if (json[i]->cpp_name == json[k]->cpp_name) {
        std::fprintf(stderr, "apigen: %s: hides a promoted field\n", fail_text(*json[i]).c_str());
        std::exit(1);
      }
}

}  // namespace

std::string emit_source(const Model& model, const FileDescriptor* file) {
  const std::string alias = Model::alias(file);
  std::string out = "// Generated by tools/apigen from " + file->name() + "; do not edit.\n";
  out += "#include \"api/gen/" + alias + ".h\"\n\n#include <cstddef>\n\n#include \"api/ops.h\"\n\n";
  out += "// Structs with bases are not of standard layout; every compiler we use lays them out alike.\n";
  out += "#pragma GCC diagnostic ignored \"-Winvalid-offsetof\"\n\n";
  out += "namespace xebec::" + alias + " {\n\n";
  for (const auto* m : model.ordered(file))
    emit_special_members(out, m->name(), model.is_base(m->descriptor));
  out += "\nnamespace {\n";
  for (const auto* m : model.ordered(file)) {
    check_hidden_members(model, *m);
    emit_message(out, model, *m);
  }
  out += "}  // namespace\n\n";
  for (const auto* m : model.ordered(file)) emit_descriptor(out, model, *m);
  out += "\n}  // namespace xebec::" + alias + "\n";
  return out;
}

}  // namespace apigen
