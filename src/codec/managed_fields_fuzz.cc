// An applied configuration, a live object and its managedFields: server-side apply and field tracking succeed
// or fail cleanly, and applying the same configuration again changes nothing.
#include "codec/managed_fields.h"

#include "api/gen/corev1.h"
#include "api/gen/metav1.h"
#include "codec/json.h"
#include "tests/fuzz/fuzz.h"

namespace xebec::codec {
namespace {

ManagedFieldsList read_entries(std::string_view text) {
  metav1::ObjectMeta meta;
  (void)decode_json(api::type_of<metav1::ObjectMeta>(), text, &meta);
  return std::move(meta.managedFields);
}

FieldWrite write_by(std::string manager) {
  FieldWrite write;
  write.manager = std::move(manager);
  write.api_version = "v1";
  write.now = api::Time::from_unix(1);
  write.type = MergeType::of(api::type_of<corev1::Pod>());
  return write;
}

}  // namespace

XEBEC_FUZZ(managed_fields) {
  fuzz::Pieces pieces(input);
  Result<Value> config = parse_json(pieces.part());
  Result<Value> live = parse_json(pieces.part());
  if (!config || !live || !config->is_map() || !live->is_map()) return;
  const ManagedFieldsList entries = read_entries(pieces.part());

  const FieldWrite update = write_by("updater");
  Result<ManagedFieldsList> tracked = update_managed_fields(
      update,
      {.live = View(*live), .updated = View(*config), .live_entries = entries, .sent_entries = entries});
  if (tracked) {
    for (const metav1::ManagedFieldsEntry& entry : *tracked) {
      if (entry.fieldsV1) FUZZ_CHECK(FieldSet::parse(entry.fieldsV1->raw).has_value());
    }
  }

  const FieldWrite write = write_by("applier");
  Result<Applied> applied =
      apply_fields(write, {.live = *live, .config = *config, .live_entries = entries, .force = true});
  if (!applied) return;
  Result<Applied> again = apply_fields(
      write, {.live = applied->object, .config = *config, .live_entries = applied->entries, .force = false});
  FUZZ_CHECK(again.has_value());
  FUZZ_CHECK(equal_numeric(again->object, applied->object));
  FUZZ_CHECK(same_but_time(again->entries, applied->entries));
}

}  // namespace xebec::codec
