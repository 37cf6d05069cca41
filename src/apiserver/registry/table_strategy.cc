#include "apiserver/registry/table_strategy.h"

#include "api/gen/metav1.h"
#include "apiserver/validation/validation.h"

namespace xebec::apiserver {
namespace {

bool same_elements(const api::Field& field, const void* a, const void* b) {
  const size_t n = field.size(a);
  if (n != field.size(b)) return false;
  const size_t stride = api::value_size(field.kind, field.message);
  const auto* x = static_cast<const char*>(field.list->data(const_cast<void*>(field.ptr(a))));
  const auto* y = static_cast<const char*>(field.list->data(const_cast<void*>(field.ptr(b))));
  for (size_t i = 0; i < n; ++i)
    if (!api::equal_value(field.kind, field.message, x + i * stride, y + i * stride)) return false;
  return true;
}

bool same_members(const api::Field& field, const void* a, const void* b) {
  const size_t n = field.size(a);
  if (n != field.size(b)) return false;
  for (size_t i = 0; i < n; ++i) {
    const std::string& key = field.map->key(field.ptr(a), i);
    const void* other = field.map->find(const_cast<void*>(field.ptr(b)), key);
    const void* value = field.map->value(const_cast<void*>(field.ptr(a)), i);
    if (other == nullptr || !api::equal_value(field.kind, field.message, value, other)) return false;
  }
  return true;
}

}  // namespace

void keep_metadata(metav1::ObjectMeta& meta, const metav1::ObjectMeta& before) {
  meta.labels = before.labels;
  meta.annotations = before.annotations;
  meta.finalizers = before.finalizers;
  meta.ownerReferences = before.ownerReferences;
  meta.deletionTimestamp = before.deletionTimestamp;
}

void copy_field(const api::Field& field, api::Object& to, const api::Object& from) {
  void* target = to.data();
  const void* source = from.data();
  field.clear(target);
  if (field.rep == api::Rep::List) {
    const size_t stride = api::value_size(field.kind, field.message);
    const size_t n = field.size(source);
    field.list->resize(field.ptr(target), n);
    auto* into = static_cast<char*>(field.list->data(field.ptr(target)));
    const auto* out_of = static_cast<const char*>(field.list->data(const_cast<void*>(field.ptr(source))));
    for (size_t i = 0; i < n; ++i)
      api::assign_value(field.kind, field.message, into + i * stride, out_of + i * stride);
  } else if (field.rep == api::Rep::Map) {
    for (size_t i = 0; i < field.size(source); ++i) {
      void* value = field.map->emplace(field.ptr(target), field.map->key(field.ptr(source), i));
      api::assign_value(field.kind, field.message, value,
                        field.map->value(const_cast<void*>(field.ptr(source)), i));
    }
  } else if (const void* value = field.get(source)) {
    api::assign_value(field.kind, field.message, field.ensure(target), value);
  }
}

bool same_field(const api::Field& field, const api::Object& a, const api::Object& b) {
  if (field.rep == api::Rep::List) return same_elements(field, a.data(), b.data());
  if (field.rep == api::Rep::Map) return same_members(field, a.data(), b.data());
  const void* x = field.get(a.data());
  const void* y = field.get(b.data());
  if (x == nullptr || y == nullptr) return x == y;
  return api::equal_value(field.kind, field.message, x, y);
}

TableStrategy::TableStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules)
    : rules_(std::move(rules)),
      spec_(hub.find("spec")),
      status_(resource.subresource("status") != nullptr ? hub.find("status") : nullptr) {}

void TableStrategy::keep_all_but(std::string_view name, api::Object& object, const api::Object& old) const {
  for (const api::Field& field : object.type().fields)
    if (field.name != "metadata" && field.name != name && field.name != "kind" && field.name != "apiVersion")
      copy_field(field, object, old);
}

bool TableStrategy::content_changed(const api::Object& object, const api::Object& old) const {
  for (const api::Field& field : object.type().fields) {
    if (field.name == "metadata" || &field == status_) continue;
    if (!same_field(field, object, old)) return true;
  }
  return false;
}

void TableStrategy::prepare_for_create(const Context& context, api::Object& object) const {
  if (status_ != nullptr && !rules_.keeps_status_on_create) status_->clear(object.data());
  if (rules_.generation != Generation::kNone && rules_.generation != Generation::kUpdate)
    object.meta()->generation = 1;
  if (rules_.prepare_create != nullptr) rules_.prepare_create(context, object);
}

void TableStrategy::prepare_for_update(const Context&, std::string_view subresource, api::Object& object,
                                       const api::Object& old) const {
  metav1::ObjectMeta& meta = *object.meta();
  const metav1::ObjectMeta& before = *old.meta();
  if (subresource == "status") {
    keep_all_but("status", object, old);
    if (rules_.status_meta == StatusMeta::kKeepLabels) meta.labels = before.labels;
    if (rules_.status_meta == StatusMeta::kKeepAll) keep_metadata(meta, before);
  } else if (status_ != nullptr && !rules_.keeps_status_on_update &&
             (subresource.empty() || subresource == "scale")) {
    copy_field(*status_, object, old);
  }
  if (rules_.prepare_update != nullptr) rules_.prepare_update(subresource, object, old);
  if (subresource == "status") return;
  switch (rules_.generation) {
    case Generation::kNone:
    case Generation::kCreate:
      return;
    case Generation::kSpec:
    case Generation::kUpdate:
      if (spec_ != nullptr && !same_field(*spec_, object, old)) meta.generation = before.generation + 1;
      return;
    case Generation::kContent:
      if (content_changed(object, old)) meta.generation = before.generation + 1;
      return;
  }
}

field::Errors TableStrategy::validate(const Context&, const api::Object& object) const {
  return validation::validate(object);
}

field::Errors TableStrategy::validate_update(const Context&, std::string_view subresource,
                                             const api::Object& object, const api::Object& old) const {
  if (subresource == "status") return validation::validate_status_update(object, old);
  return validation::validate_update(object, old);
}

}  // namespace xebec::apiserver
