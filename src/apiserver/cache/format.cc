#include "apiserver/cache/format.h"

#include <algorithm>

#include "api/conversion.h"
#include "api/defaults.h"
#include "api/gen/metav1.h"
#include "apiserver/cache/wire.h"
#include "codec/protobuf.h"

namespace xebec::apiserver {

// Writes the private views of entries on behalf of the formats.
class EntryScanner {
 public:
  static Result<void> scan_message(Entry& entry, std::string_view message) {
    entry.message_ = message;
    wire::Reader reader(message);
    bool found = false;
    for (wire::Field f; reader.next(f);) {
      if (f.number != 1 || f.wire_type != 2) continue;
      entry.metadata_offset_ = static_cast<uint32_t>(f.offset);
      entry.metadata_body_ = static_cast<uint32_t>(f.end - f.bytes.size());
      entry.metadata_size_ = static_cast<uint32_t>(f.bytes.size());
      TRY_VOID(scan_metadata(entry, f.bytes));
      found = true;
      break;  // metadata stands once and first; the rest is not looked at
    }
    if (!reader.ok() || !found) return fail(errors::internal("proto: stored object has no metadata"));
    return {};
  }

  static std::string_view message(const Entry& entry) { return entry.message_; }
  static void set_bytes(Entry& entry, Entry::Bytes bytes) { entry.bytes_ = std::move(bytes); }
  static std::vector<std::string_view>& fields(Entry& entry) { return entry.fields_; }
  static void set_rendered(Entry& entry, std::unique_ptr<std::string> text) {
    entry.rendered_ = std::move(text);
  }

 private:
  static Result<void> scan_metadata(Entry& entry, std::string_view metadata) {
    EntryMeta& meta = entry.meta_;
    entry.version_offset_ = static_cast<uint32_t>(metadata.size());
    wire::Reader reader(metadata);
    bool placed = false;
    for (wire::Field f; reader.next(f);) {
      if (f.number >= 6 && !placed) {
        entry.version_offset_ = static_cast<uint32_t>(f.offset);
        entry.version_size_ = f.number == 6 ? static_cast<uint32_t>(f.end - f.offset) : 0;
        placed = true;
      }
      switch (f.number) {
        case 1:
          meta.name = f.bytes;
          break;
        case 3:
          meta.namespace_ = f.bytes;
          break;
        case 5:
          meta.uid = f.bytes;
          break;
        case 7:
          meta.generation = static_cast<int64_t>(f.varint);
          break;
        case 8:
          meta.creation_seconds = seconds(f.bytes);
          break;
        case 9:
          meta.deletion_seconds = seconds(f.bytes);
          break;
        case 11:
          meta.labels.push_back(label(f.bytes));
          break;
        case 13:
          meta.owners.push_back(owner(f.bytes));
          break;
        case 14:
          meta.finalizers.push_back(f.bytes);
          break;
        default:
          break;
      }
    }
    if (!reader.ok()) return fail(errors::internal("proto: stored object has malformed metadata"));
    meta.labels.shrink_to_fit();
    return {};
  }

  static int64_t seconds(std::string_view time) {
    wire::Reader reader(time);
    int64_t out = 0;
    for (wire::Field f; reader.next(f);)
      if (f.number == 1) out = static_cast<int64_t>(f.varint);
    return out;
  }

  static LabelView label(std::string_view entry) {
    LabelView out;
    wire::Reader reader(entry);
    for (wire::Field f; reader.next(f);) (f.number == 1 ? out.key : out.value) = f.bytes;
    return out;
  }

  static OwnerView owner(std::string_view reference) {
    OwnerView out;
    wire::Reader reader(reference);
    for (wire::Field f; reader.next(f);) {
      switch (f.number) {
        case 1:
          out.kind = f.bytes;
          break;
        case 3:
          out.name = f.bytes;
          break;
        case 4:
          out.uid = f.bytes;
          break;
        case 5:
          out.api_version = f.bytes;
          break;
        case 6:
          out.controller = f.varint != 0;
          break;
        case 7:
          out.block_owner_deletion = f.varint != 0;
          break;
        default:
          break;
      }
    }
    return out;
  }
};

namespace {

// A path to one value through nested messages, by field numbers.
struct WirePath {
  std::vector<uint32_t> numbers;
  api::Kind kind = api::Kind::String;
};

// What a message calls a field on the wire, embedded structs included: the numbers to walk.
bool find_wire(const api::Message& type, std::string_view name, std::vector<uint32_t>& numbers,
               const api::Field*& found) {
  const api::Field* field = type.find(name);
  if (field == nullptr) return false;
  for (const api::WireField& w : type.wire) {
    if (w.tag >> 3 == field->number && w.offset == field->offset) {
      numbers.push_back(field->number);
      found = field;
      return true;
    }
  }
  return false;
}

WirePath resolve(const api::Message& type, std::string_view path) {
  WirePath out;
  const api::Message* at = &type;
  while (!path.empty() && at != nullptr) {
    const size_t dot = path.find('.');
    const api::Field* field = nullptr;
    if (!find_wire(*at, path.substr(0, dot), out.numbers, field)) return {};
    out.kind = field->kind;
    at = field->message;
    path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
  }
  return out;
}

std::optional<wire::Field> look_up(std::string_view message, const WirePath& path) {
  if (path.numbers.empty()) return std::nullopt;
  std::optional<wire::Field> found;
  for (uint32_t number : path.numbers) {
    if (found) message = found->bytes;
    found.reset();
    wire::Reader reader(message);
    for (wire::Field f; reader.next(f);) {
      if (f.number != number) continue;
      found = f;
      break;
    }
    if (!found) return std::nullopt;
  }
  return found;
}

class BuiltinFormat final : public EntryFormat {
 public:
  explicit BuiltinFormat(FormatOptions options) : options_(std::move(options)) {
    if (!options_.hub) options_.hub = options_.stored;
    names_.push_back("metadata.name");
    if (options_.namespaced) names_.push_back("metadata.namespace");
    for (const SelectableField& field : options_.selectable) {
      names_.push_back(field.label);
      std::vector<WirePath>& paths = paths_.emplace_back();
      for (std::string_view rest = field.path; !rest.empty();) {
        const size_t bar = std::min(rest.find('|'), rest.size());
        if (WirePath path = resolve(*options_.stored, rest.substr(0, bar)); !path.numbers.empty())
          paths.push_back(std::move(path));
        rest.remove_prefix(std::min(bar + 1, rest.size()));
      }
    }
    api_version_ = options_.stored->kinds[0].gvk().api_version();
    kind_ = options_.stored->kinds[0].kind;
  }

  const api::Message& stored_type() const override { return *options_.stored; }
  std::span<const std::string_view> selectable() const override { return names_; }

  Result<api::Object> decode(std::string_view bytes) const override {
    TRY(codec::ProtobufEnvelope envelope, codec::unwrap_protobuf(bytes));
    const api::Message* type = type_of_version(envelope.api_version);
    if (type == nullptr)
      return fail(errors::internal("no kind \"" + std::string(envelope.kind) +
                                   "\" is registered for version \"" + std::string(envelope.api_version) +
                                   "\""));
    const bool direct = type == options_.hub || api::same_shape(*type, *options_.hub);
    api::Object object(direct ? *options_.hub : *type);
    TRY_VOID(codec::decode_protobuf(object.type(), envelope.raw, object.data()));
    if (direct) return object;
    api::apply_defaults(object);  // of the version that wrote it
    return api::convert(std::move(object), *options_.hub);
  }

  Result<Entry::Bytes> encode(const api::Object& object) const override {
    std::string raw;
    if (&object.type() == options_.stored || api::same_shape(object.type(), *options_.stored)) {
      raw = message_of(object);
    } else {
      TRY(api::Object converted, api::convert(object, *options_.stored));
      raw = message_of(converted);
    }
    return std::make_shared<const std::string>(codec::wrap_protobuf(api_version_, kind_, raw));
  }

 private:
  static std::string message_of(const api::Object& object) {
    const metav1::ObjectMeta* meta = object.meta();
    if (meta == nullptr || meta->resourceVersion.empty())
      return codec::encode_protobuf(object.type(), object.data());
    api::Object copy = object.clone();
    copy.meta()->resourceVersion.clear();
    return codec::encode_protobuf(copy.type(), copy.data());
  }

  const api::Message* type_of_version(std::string_view api_version) const {
    if (api_version == api_version_) return options_.stored;
    for (const api::Message* older : options_.older)
      if (older->kinds[0].gvk().api_version() == api_version) return older;
    return nullptr;
  }

  Result<void> scan(Entry& entry) const override {
    TRY(codec::ProtobufEnvelope envelope, codec::unwrap_protobuf(*entry.bytes()));
    if (envelope.api_version != api_version_) {  // written by an older release: brought up to date in memory
      TRY(api::Object object, decode(*entry.bytes()));
      TRY(Entry::Bytes bytes, encode(object));
      EntryScanner::set_bytes(entry, std::move(bytes));
      TRY(envelope, codec::unwrap_protobuf(*entry.bytes()));
    }
    TRY_VOID(EntryScanner::scan_message(entry, envelope.raw));
    fill_fields(entry);
    return {};
  }

  void fill_fields(Entry& entry) const {
    std::vector<std::string_view>& fields = EntryScanner::fields(entry);
    fields.reserve(names_.size());
    fields.push_back(entry.meta().name);
    if (options_.namespaced) fields.push_back(entry.meta().namespace_);
    std::vector<std::pair<size_t, std::string>> numbers;
    for (const std::vector<WirePath>& paths : paths_) {
      std::string_view text;
      for (const WirePath& path : paths) {
        const std::optional<wire::Field> value = look_up(EntryScanner::message(entry), path);
        if (path.kind == api::Kind::Bool) {
          text = value && value->varint ? "true" : "false";
        } else if (path.kind == api::Kind::Int32 || path.kind == api::Kind::Int64) {
          numbers.emplace_back(fields.size(),
                               std::to_string(value ? static_cast<int64_t>(value->varint) : 0));
        } else if (value) {
          text = value->bytes;
        }
        if (!text.empty()) break;
      }
      fields.push_back(text);
    }
    keep_numbers(entry, numbers);
  }

  static void keep_numbers(Entry& entry, const std::vector<std::pair<size_t, std::string>>& numbers) {
    if (numbers.empty()) return;
    auto text = std::make_unique<std::string>();
    for (const auto& number : numbers) *text += number.second;
    size_t at = 0;
    for (const auto& [i, digits] : numbers) {
      EntryScanner::fields(entry)[i] = std::string_view(*text).substr(at, digits.size());
      at += digits.size();
    }
    EntryScanner::set_rendered(entry, std::move(text));
  }

  FormatOptions options_;
  std::vector<std::string_view> names_;
  std::vector<std::vector<WirePath>> paths_;
  std::string api_version_, kind_;
};

}  // namespace

std::shared_ptr<const EntryFormat> make_builtin_format(FormatOptions options) {
  return std::make_shared<const BuiltinFormat>(std::move(options));
}

}  // namespace xebec::apiserver
