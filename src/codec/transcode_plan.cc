#include "codec/transcode_plan.h"

#include "api/scheme.h"

namespace xebec::codec {
namespace {

using api::Field;
using api::Form;
using api::Kind;
using api::Message;
using api::Rep;
using api::WireField;

// A struct value is never empty in Go; lists in a message of their own are no structs.
bool is_go_struct(const Field& field) {
  if (field.rep != Rep::Value) return false;
  return field.kind == Kind::Message ? field.message->form != Form::List : field.kind >= Kind::Quantity;
}

uint16_t json_step(const TranscodePlan& plan, const WireField& wire, uint32_t base) {
  for (std::size_t i = 0; i < plan.json.size(); ++i) {
    const Field& f = *plan.json[i].field;
    if (f.offset == base + wire.offset && f.kind == wire.kind && f.rep == wire.rep &&
        f.message == wire.message) {
      return static_cast<uint16_t>(i);
    }
  }
  return kNoSlot;
}

void add_wire(TranscodePlan& plan, const Message& message, uint32_t base, std::vector<WireStep>& out) {
  for (const WireField& wire : message.wire) {
    WireStep step{.tag = wire.tag, .slot = kNoSlot, .embedded = nullptr};
    if (uint16_t at = json_step(plan, wire, base); at != kNoSlot) {
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

std::unique_ptr<TranscodePlan> make_plan(const Message& message) {
  auto plan = std::make_unique<TranscodePlan>();
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
  return plan;
}

}  // namespace

TranscodePlans::TranscodePlans(const api::Scheme& scheme) {
  for (const Message* message : scheme.messages()) {
    if (!message->json_only) by_message_.emplace(message, make_plan(*message));
  }
  for (auto& [message, plan] : by_message_) {
    for (JsonStep& step : plan->json) {
      if (step.kind == Kind::Message && step.field->message->form == Form::Object)
        step.plan = find(step.field->message);
    }
  }
}

}  // namespace xebec::codec
