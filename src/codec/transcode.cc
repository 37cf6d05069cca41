#include "codec/transcode.h"

#include <cstring>
#include <utility>
#include <vector>

#include "api/object.h"
#include "api/scalars.h"
#include "codec/json.h"
#include "codec/json_text.h"
#include "codec/protobuf.h"
#include "codec/transcode_plan.h"
#include "codec/wire_item.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;

// Where the items of a slot are.
struct Found {
  uint32_t first = 0, count = 0;
};

enum class Outcome : uint8_t { Good, Unusual, Malformed };

}  // namespace

class Transcoder::Run {
 public:
  explicit Run(TextOut& out) : out_(out) {}

  bool message(const TranscodePlan& plan, std::string_view bytes, char before,
               std::string_view resource_version, int depth) {
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
      WireItem item;
      if (!read_item(p, end, tag & 7, item)) return Outcome::Malformed;
      if (step.embedded) {
        Outcome inner = scan(*step.embedded, item.content, found);
        if (inner != Outcome::Good) return inner;
        ++next;
        continue;
      }
      if (step.slot == kNoSlot) continue;
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

  bool members(const TranscodePlan& plan, std::size_t found, char before, std::string_view resource_version,
               int depth) {
    for (std::size_t i = 0; i < plan.json.size(); ++i) {
      const JsonStep& step = plan.json[i];
      Found f = step.slot == kNoSlot ? Found() : found_[found + step.slot];
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
    step.key.copy(p, step.key.size());
    *p = before;
    out_.advance(p + step.key.size());
    before = ',';
  }

  // Of a field that was found.
  static bool omitted(const JsonStep& step, const WireItem& item) {
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
    static constexpr WireItem kAbsent{};
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
      WireItem item;
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

  static bool map_entry(std::string_view entry, std::string_view& name, WireItem& value) {
    const char* p = entry.data();
    const char* end = p + entry.size();
    while (p != end) {
      uint64_t tag;
      WireItem item;
      if (!read_varint(p, end, tag) || !read_item(p, end, tag & 7, item)) return false;
      if (tag >> 3 == 1) name = item.content;
      if (tag >> 3 == 2) value = item;
    }
    return true;
  }

  bool one(const JsonStep& step, const WireItem& item, std::string_view resource_version, int depth) {
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
        const TranscodePlan* plan = step.plan;
        if (!plan) return the_long_way(*step.field->message, item.content, '{', {});
        return message(*plan, item.content, '{', resource_version, depth + 1);
      }
      default:
        return small(step.kind, item.content);
    }
  }

  bool small(Kind kind, std::string_view content) {
    SmallMessage s;
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

  TextOut& out_;
  std::vector<WireItem> items_;
  std::vector<Found> found_;
};

Transcoder::Transcoder(const api::Scheme& scheme) : plans_(std::make_unique<TranscodePlans>(scheme)) {}

Transcoder::~Transcoder() = default;
Transcoder::Transcoder(Transcoder&&) noexcept = default;

Result<void> Transcoder::append(const Message& type, std::string_view message, const Names& names,
                                std::string& text) const {
  const TranscodePlan* plan = plans_->find(&type);
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
    Run run(out);
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
