#include "codec/transcode.h"

#include <cstring>
#include <optional>
#include <unordered_map>
#include <vector>

#include "api/object.h"
#include "api/scalars.h"
#include "api/scheme.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/protobuf.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;
using api::WireField;

constexpr uint16_t kNone = 0xFFFF;

struct Plan;

// A field on the wire: a leaf with a slot for what was found, or an embedded struct whose fields are
// promoted.
struct WireStep {
  uint32_t tag = 0;
  uint16_t slot = kNone;
  const std::vector<WireStep>* embedded = nullptr;
};

// The facts of a Field that are needed for every object, close together.
struct JsonStep {
  const Field* field = nullptr;
  const Plan* plan = nullptr;  // Kind::Message of Form::Object
  std::string key;             // `,"name":`
  uint16_t slot = kNone;
  Kind kind = Kind::String;
  Rep rep = Rep::Value;
  bool omitempty = false, omitzero = false;
  bool omit_absent = false;  // nothing is written when nothing was found
};

struct Plan {
  const Message* message = nullptr;
  std::vector<WireStep> wire;  // ascending numbers
  std::vector<std::unique_ptr<std::vector<WireStep>>> embedded;
  std::vector<JsonStep> json;  // in the order of the output
  uint16_t slots = 0;
  uint16_t metadata = kNone, resource_version = kNone;  // positions in `json`
};

struct Item {
  std::string_view content;
  uint64_t number = 0;
};

// Where the items of a slot are.
struct Found {
  uint32_t first = 0, count = 0;
};

enum class Outcome : uint8_t { Good, Unusual, Malformed };

inline bool read_varint(const char*& p, const char* end, uint64_t& out) {
  if (p != end && !(*p & 0x80)) {
    out = static_cast<uint8_t>(*p++);
    return true;
  }
  out = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    if (p == end) return false;
    uint8_t byte = static_cast<uint8_t>(*p++);
    out |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (!(byte & 0x80)) return true;
  }
  return false;
}

// One field's content; groups are left to the long way.
inline bool read_item(const char*& p, const char* end, uint32_t wire_type, Item& out) {
  std::size_t size;
  switch (wire_type) {
    case 0:
      return read_varint(p, end, out.number);
    case 1:
      size = 8;
      break;
    case 5:
      size = 4;
      break;
    case 2: {
      uint64_t n;
      if (!read_varint(p, end, n)) return false;
      size = n;
      break;
    }
    default:
      return false;
  }
  if (size > static_cast<std::size_t>(end - p)) return false;
  out.content = std::string_view(p, size);
  p += size;
  return true;
}

// The fields of the small messages behind scalars.
struct Small {
  int64_t numbers[2] = {0, 0};
  std::string_view texts[3];
};

bool read_small(std::string_view content, Small& out) {
  const char* p = content.data();
  const char* end = p + content.size();
  while (p != end) {
    uint64_t tag;
    Item item;
    if (!read_varint(p, end, tag) || !read_item(p, end, tag & 7, item)) return false;
    uint64_t number = tag >> 3;
    if ((tag & 7) == 0 && (number == 1 || number == 2))
      out.numbers[number - 1] = static_cast<int64_t>(item.number);
    if ((tag & 7) == 2 && number >= 1 && number <= 3) out.texts[number - 1] = item.content;
  }
  return true;
}

}  // namespace

namespace {

// A struct value is never empty in Go; lists in a message of their own are no structs.
bool is_go_struct(const Field& field) {
  if (field.rep != Rep::Value) return false;
  return field.kind == Kind::Message ? field.message->form != Form::List : field.kind >= Kind::Quantity;
}

}  // namespace

struct Transcoder::Plans {
  std::unordered_map<const Message*, std::unique_ptr<Plan>> by_message;

  const Plan* find(const Message* message) const {
    auto it = by_message.find(message);
    return it == by_message.end() ? nullptr : it->second.get();
  }

  static uint16_t json_step(const Plan& plan, const WireField& wire, uint32_t base) {
    for (std::size_t i = 0; i < plan.json.size(); ++i) {
      const Field& f = *plan.json[i].field;
      if (f.offset == base + wire.offset && f.kind == wire.kind && f.rep == wire.rep &&
          f.message == wire.message) {
        return static_cast<uint16_t>(i);
      }
    }
    return kNone;
  }

  static void add_wire(Plan& plan, const Message& message, uint32_t base, std::vector<WireStep>& out) {
    for (const WireField& wire : message.wire) {
      WireStep step{.tag = wire.tag, .slot = kNone, .embedded = nullptr};
      if (uint16_t at = json_step(plan, wire, base); at != kNone) {
        step.slot = plan.json[at].slot = plan.slots++;
      } else if (wire.kind == Kind::Message && wire.rep == Rep::Value) {
        plan.embedded.push_back(std::make_unique<std::vector<WireStep>>());
        std::vector<WireStep>& steps = *plan.embedded.back();
        add_wire(plan, *wire.message, base + wire.offset, steps);
        step.embedded = &steps;
      }
      out.push_back(step);
    }
  }

  void add(const Message& message) {
    auto plan = std::make_unique<Plan>();
    plan->message = &message;
    for (const Field& field : message.fields) {
      JsonStep& step = plan->json.emplace_back();
      step.field = &field;
      step.key = ",\"" + std::string(field.name) + "\":";
      step.kind = field.kind;
      step.rep = field.rep;
      step.omitempty = field.omitempty;
      step.omitzero = field.omitzero;
      step.omit_absent = field.omitzero || (field.omitempty && !is_go_struct(field));
      uint16_t at = static_cast<uint16_t>(plan->json.size() - 1);
      if (field.name == "metadata" && message.object_meta_offset >= 0) plan->metadata = at;
      if (field.name == "resourceVersion" && message.name == "ObjectMeta") plan->resource_version = at;
    }
    add_wire(*plan, message, 0, plan->wire);
    by_message.emplace(&message, std::move(plan));
  }
};

class Transcoder::Run {
 public:
  Run(const Plans& plans, TextOut& out) : plans_(plans), out_(out) {}

  bool message(const Plan& plan, std::string_view bytes, char before, std::string_view resource_version,
               int depth) {
    if (depth > kMaxProtobufDepth) return false;
    std::size_t items = items_.size(), found = found_.size();
    found_.resize(found + plan.slots);
    bool good = false;
    switch (scan(plan.wire, bytes, found)) {
      case Outcome::Good:
        good = members(plan, found, before, resource_version, depth);
        break;
      case Outcome::Unusual:
        good = the_long_way(*plan.message, bytes, before, resource_version);
        break;
      case Outcome::Malformed:
        break;
    }
    items_.resize(items);
    found_.resize(found);
    return good;
  }

 private:
  Outcome scan(const std::vector<WireStep>& wire, std::string_view bytes, std::size_t found) {
    const char* p = bytes.data();
    const char* end = p + bytes.size();
    std::size_t next = 0;
    while (p != end) {
      uint64_t tag;
      if (!read_varint(p, end, tag)) return Outcome::Malformed;
      while (next < wire.size() && wire[next].tag < tag) ++next;
      if (next == wire.size() || wire[next].tag != tag) return Outcome::Unusual;  // unknown or out of order
      const WireStep& step = wire[next];
      Item item;
      if (!read_item(p, end, tag & 7, item)) return Outcome::Malformed;
      if (step.embedded) {
        Outcome inner = scan(*step.embedded, item.content, found);
        if (inner != Outcome::Good) return inner;
        ++next;
        continue;
      }
      if (step.slot == kNone) continue;
      Found& f = found_[found + step.slot];
      if (f.count++ == 0) f.first = static_cast<uint32_t>(items_.size());
      items_.push_back(item);
    }
    return Outcome::Good;
  }

  // Into an object and out of it again.
  bool the_long_way(const Message& type, std::string_view bytes, char before,
                    std::string_view resource_version) {
    api::Object object(type);
    if (!decode_protobuf(type, bytes, object.data())) return false;
    if (!resource_version.empty()) {
      const Field* field = type.find(type.object_meta_offset >= 0 ? "metadata" : "resourceVersion");
      if (field && field->kind == Kind::Message) {
        const Field* version = field->message->find("resourceVersion");
        *static_cast<std::string*>(version->ptr(field->ensure(object.data()))) = resource_version;
      } else if (field) {
        *static_cast<std::string*>(field->ptr(object.data())) = resource_version;
      }
    }
    std::string text;
    append_json(type, object.data(), "", "", text);
    if (before == ',' && text.size() > 2) text[0] = ',';
    out_.put(before == ',' && text.size() <= 2 ? std::string_view("}") : std::string_view(text));
    return true;
  }

  bool members(const Plan& plan, std::size_t found, char before, std::string_view resource_version,
               int depth) {
    for (std::size_t i = 0; i < plan.json.size(); ++i) {
      const JsonStep& step = plan.json[i];
      Found f = step.slot == kNone ? Found() : found_[found + step.slot];
      if (i == plan.resource_version && !resource_version.empty()) {
        key(step, before);
        write_json_string(resource_version, out_);
        continue;
      }
      if (f.count > 1 && (step.rep == Rep::Value || step.rep == Rep::Optional)) return false;
      if (f.count == 0 ? step.omit_absent : omitted(step, items_[f.first])) continue;
      key(step, before);
      if (!value(step, f, i == plan.metadata ? resource_version : std::string_view(), depth)) return false;
    }
    if (before == '{') out_.put('{');
    out_.put('}');
    return true;
  }

  void key(const JsonStep& step, char& before) {
    char* p = out_.reserve(step.key.size());
    std::memcpy(p, step.key.data(), step.key.size());
    *p = before;
    out_.advance(p + step.key.size());
    before = ',';
  }

  // Of a field that was found.
  static bool omitted(const JsonStep& step, const Item& item) {
    if (step.omitzero && item.content.empty()) return true;
    if (!step.omitempty || step.rep != Rep::Value) return false;
    switch (step.kind) {
      case Kind::Bool:
      case Kind::Int64:
        return item.number == 0;
      case Kind::Int32:
        return static_cast<int32_t>(item.number) == 0;
      case Kind::String:
      case Kind::Bytes:
        return item.content.empty();
      case Kind::Double:
        return item.content == std::string_view("\0\0\0\0\0\0\0\0", 8) ||
               item.content == std::string_view("\0\0\0\0\0\0\0\x80", 8);
      case Kind::Message:
        return step.field->message->form == Form::List && item.content.empty();
      default:
        return false;
    }
  }

  bool value(const JsonStep& step, const Found& f, std::string_view resource_version, int depth) {
    static constexpr Item kAbsent{};
    switch (step.rep) {
      case Rep::Value:
        return one(step, f.count ? items_[f.first] : kAbsent, resource_version, depth);
      case Rep::Optional:
        if (f.count == 0) break;
        return one(step, items_[f.first], resource_version, depth);
      case Rep::List:
        if (f.count == 0) break;
        for (uint32_t i = 0; i < f.count; ++i) {
          out_.put(i ? ',' : '[');
          if (!one(step, items_[f.first + i], {}, depth)) return false;
        }
        out_.put(']');
        return true;
      case Rep::Map:
        if (f.count == 0) break;
        return map(step, f, depth);
    }
    out_.put("null");
    return true;
  }

  bool map(const JsonStep& step, const Found& f, int depth) {
    std::string_view last;
    for (uint32_t i = 0; i < f.count; ++i) {
      Item item;
      std::string_view name;
      if (!map_entry(items_[f.first + i].content, name, item)) return false;
      if (i > 0 && name <= last) return false;  // not canonical: the caller starts again
      last = name;
      out_.put(i ? ',' : '{');
      write_json_string(name, out_);
      out_.put(':');
      if (!one(step, item, {}, depth)) return false;
    }
    out_.put('}');
    return true;
  }

  static bool map_entry(std::string_view entry, std::string_view& name, Item& value) {
    const char* p = entry.data();
    const char* end = p + entry.size();
    while (p != end) {
      uint64_t tag;
      Item item;
      if (!read_varint(p, end, tag) || !read_item(p, end, tag & 7, item)) return false;
      if (tag >> 3 == 1) name = item.content;
      if (tag >> 3 == 2) value = item;
    }
    return true;
  }

  bool one(const JsonStep& step, const Item& item, std::string_view resource_version, int depth) {
    switch (step.kind) {
      case Kind::Bool:
        out_.put(item.number ? "true" : "false");
        return true;
      case Kind::Int32:
        write_json_int(static_cast<int32_t>(item.number), out_);
        return true;
      case Kind::Int64:
        write_json_int(static_cast<int64_t>(item.number), out_);
        return true;
      case Kind::String:
        write_json_string(item.content, out_);
        return true;
      case Kind::Bytes:
        write_json_base64(item.content, out_);
        return true;
      case Kind::Double: {
        double number = 0;
        if (item.content.size() == sizeof number) std::memcpy(&number, item.content.data(), sizeof number);
        write_json_double(number, out_);
        return true;
      }
      case Kind::Message: {
        const Plan* plan = step.plan;
        if (!plan) return the_long_way(*step.field->message, item.content, '{', {});
        return message(*plan, item.content, '{', resource_version, depth + 1);
      }
      default:
        return small(step.kind, item.content);
    }
  }

  bool small(Kind kind, std::string_view content) {
    Small s;
    if (!read_small(content, s)) return false;
    switch (kind) {
      case Kind::Time:
        if (content.empty() || s.numbers[0] == api::kZeroTimeSeconds) {
          out_.put("null");
        } else {
          write_json_time(s.numbers[0], out_);
        }
        return true;
      case Kind::MicroTime: {
        int32_t nanos = static_cast<int32_t>(s.numbers[1]);
        if (nanos < 0 || nanos >= 1000000000) nanos = 0;
        api::MicroTime time =
            content.empty() ? api::MicroTime() : api::MicroTime{s.numbers[0], nanos / 1000 * 1000};
        if (!time.is_zero()) return quoted(time.str());
        out_.put("null");
        return true;
      }
      case Kind::Duration:
        return quoted(api::Duration{s.numbers[0]}.str());
      case Kind::Quantity: {
        if (content.empty()) return quoted("0");
        Result<api::Quantity> quantity = api::Quantity::parse(s.texts[0]);
        return quantity && quoted(quantity->str());
      }
      case Kind::IntOrString:
        if (s.numbers[0] == 1) {
          write_json_string(s.texts[2], out_);
        } else {
          write_json_int(static_cast<int32_t>(s.numbers[1]), out_);
        }
        return true;
      default:
        if (s.texts[0].empty() || s.texts[0].starts_with(kProtobufMagic)) {
          out_.put("null");
        } else {
          write_json_compact(s.texts[0], out_);
        }
        return true;
    }
  }

  bool quoted(std::string_view text) {
    out_.put('"');
    out_.put(text);
    out_.put('"');
    return true;
  }

  const Plans& plans_;
  TextOut& out_;
  std::vector<Item> items_;
  std::vector<Found> found_;
};

Transcoder::Transcoder(const api::Scheme& scheme) : plans_(std::make_unique<Plans>()) {
  for (const Message* message : scheme.messages()) {
    if (!message->json_only) plans_->add(*message);
  }
  for (auto& [message, plan] : plans_->by_message) {
    for (JsonStep& step : plan->json) {
      if (step.kind == Kind::Message && step.field->message->form == Form::Object)
        step.plan = plans_->find(step.field->message);
    }
  }
}

Transcoder::~Transcoder() = default;
Transcoder::Transcoder(Transcoder&&) noexcept = default;

Result<void> Transcoder::append(const Message& type, std::string_view message, const Names& names,
                                std::string& text) const {
  const Plan* plan = plans_->find(&type);
  std::size_t before = text.size();
  if (plan && type.form == Form::Object) {
    TextOut out(text);
    char open = '{';
    for (auto [name, value] :
         {std::pair("\"kind\":", names.kind), std::pair("\"apiVersion\":", names.api_version)}) {
      if (value.empty() || !type.type_meta) continue;
      out.put(std::exchange(open, ','));
      out.put(name);
      write_json_string(value, out);
    }
    Run run(*plans_, out);
    if (run.message(*plan, message, open, names.resource_version, 0)) return {};
  }
  // Not canonical somewhere inside: the whole object the long way.
  text.resize(before);
  api::Object object(type);
  TRY_VOID(decode_protobuf(type, message, object.data()));
  const Field* metadata = type.object_meta_offset >= 0 ? type.find("metadata") : nullptr;
  if (metadata && !names.resource_version.empty()) {
    *static_cast<std::string*>(
        metadata->message->find("resourceVersion")->ptr(metadata->ensure(object.data()))) =
        names.resource_version;
  }
  append_json(type, object.data(), names.api_version, names.kind, text);
  return {};
}

}  // namespace xebec::codec
