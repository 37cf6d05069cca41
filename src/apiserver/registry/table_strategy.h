// TableStrategy: the strategy of most kinds, from a few facts. What a kind does beyond them is a hook or a
// subclass.
#pragma once

#include "api/scheme.h"
#include "apiserver/registry/strategy.h"

namespace xebec::apiserver {

// What makes metadata.generation go up.
enum class Generation : uint8_t {
  kNone,     // nothing; it is as the client set it
  kCreate,   // 1 on create, and that is all
  kSpec,     // 1 on create, +1 when spec changes
  kContent,  // 1 on create, +1 when anything but metadata and status changes
  kUpdate,   // +1 when spec changes, but not set on create
};

// What an update of /status may change beside status.
enum class StatusMeta : uint8_t {
  kFree,        // metadata as on the main resource
  kKeepLabels,  // but labels
  kKeepAll,     // nothing of it (metav1.ResetObjectMetaForStatus)
};

struct StrategyRules {
  api::NameRule name_rule = api::name_is_dns_subdomain;
  Generation generation = Generation::kNone;
  StatusMeta status_meta = StatusMeta::kFree;
  bool keeps_status_on_create = false;
  bool keeps_status_on_update = false;  // of the object itself
  bool unconditional_update = true;
  bool create_on_update = false;
  bool returns_object = false;
  Propagation propagation = Propagation::kBackground;
  int64_t ttl_seconds = 0;
  bool read_from_cache = true;
  std::vector<SelectableField> selectable;
  // Run after the common part. `subresource` as in Strategy::prepare_for_update.
  void (*prepare_create)(const Context& context, api::Object& object) = nullptr;
  void (*prepare_update)(std::string_view subresource, api::Object& object, const api::Object& old) = nullptr;
  // As Strategy::validate_request.
  field::Errors (*validate_request)(const api::GroupVersionKind& request, const api::Object& object,
                                    const api::Object* old) = nullptr;
  // As Strategy::prepare_request.
  void (*prepare_request)(const api::GroupVersionKind& request, api::Object& object,
                          const api::Object* old) = nullptr;
  // As Strategy::default_propagation, where it is not always the same.
  Propagation (*default_propagation)(std::string_view group, std::string_view version) = nullptr;
  std::vector<std::string> (*warnings)(const api::Object& object) = nullptr;  // on create and update
  std::vector<std::string> (*warnings_on_create)(const api::Object& object) = nullptr;  // instead, there
};

class TableStrategy : public Strategy {
 public:
  TableStrategy(const api::Resource& resource, const api::Message& hub, StrategyRules rules);

  api::NameRule name_rule() const override { return rules_.name_rule; }
  void prepare_for_create(const Context& context, api::Object& object) const override;
  field::Errors validate(const Context& context, const api::Object& object) const override;
  void prepare_for_update(const Context& context, std::string_view subresource, api::Object& object,
                          const api::Object& old) const override;
  field::Errors validate_update(const Context& context, std::string_view subresource,
                                const api::Object& object, const api::Object& old) const override;
  field::Errors validate_request(const api::GroupVersionKind& request, const api::Object& object,
                                 const api::Object* old) const override {
    return rules_.validate_request != nullptr ? rules_.validate_request(request, object, old)
                                              : field::Errors{};
  }
  std::vector<std::string> warnings_on_create(const api::Object& object) const override {
    const auto warnings = rules_.warnings_on_create != nullptr ? rules_.warnings_on_create : rules_.warnings;
    return warnings != nullptr ? warnings(object) : std::vector<std::string>();
  }
  std::vector<std::string> warnings_on_update(const api::Object& object, const api::Object&) const override {
    return rules_.warnings != nullptr ? rules_.warnings(object) : std::vector<std::string>();
  }
  bool allow_unconditional_update() const override { return rules_.unconditional_update; }
  bool allow_create_on_update() const override { return rules_.create_on_update; }
  void prepare_request(const api::GroupVersionKind& request, api::Object& object,
                       const api::Object* old) const override {
    if (rules_.prepare_request != nullptr) rules_.prepare_request(request, object, old);
  }
  Propagation default_propagation(std::string_view group, std::string_view version) const override {
    return rules_.default_propagation != nullptr ? rules_.default_propagation(group, version)
                                                 : rules_.propagation;
  }
  bool returns_deleted_object() const override { return rules_.returns_object; }
  bool read_from_cache() const override { return rules_.read_from_cache; }
  std::vector<SelectableField> selectable_fields() const override { return rules_.selectable; }
  int64_t ttl_seconds(const api::Object&) const override { return rules_.ttl_seconds; }

 protected:
  // Everything but metadata and the named field is as in `old`.
  void keep_all_but(std::string_view field, api::Object& object, const api::Object& old) const;
  bool content_changed(const api::Object& object, const api::Object& old) const;

  const StrategyRules rules_;
  const api::Field* const spec_;    // nullptr when the kind has none
  const api::Field* const status_;  // nullptr when there is no status subresource
};

// metav1.ResetObjectMetaForStatus.
void keep_metadata(metav1::ObjectMeta& meta, const metav1::ObjectMeta& before);
// Sets a field to what it is in another object of the type.
void copy_field(const api::Field& field, api::Object& to, const api::Object& from);
bool same_field(const api::Field& field, const api::Object& a, const api::Object& b);

}  // namespace xebec::apiserver
