#include "api/gen/corev1.h"
#include "api/selectors.h"
#include "apiserver/http/component_status.h"
#include "apiserver/http/list_writer.h"
#include "apiserver/http/options.h"
#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {
namespace {

Task<corev1::ComponentStatus> ask(Context context, const ComponentCheck* check) {
  Result<std::string> said = co_await check->ask(std::move(context));
  corev1::ComponentStatus out;
  out.metadata.name = check->name;
  corev1::ComponentCondition& condition = out.conditions.emplace_back();
  condition.type = "Healthy";
  condition.status = said ? "True" : "False";
  condition.message = said ? *said : said.error().message;
  co_return out;
}

Answer get_one(Context context, ResourceCall call) {
  for (const ComponentCheck& check : *call.deps->components) {
    if (check.name != call.name) continue;
    Offered offered;
    offered.views = true;
    CO_TRY(Encoder encoder, encoder_for(call, shape_of(call), offered));
    corev1::ComponentStatus status = co_await ask(std::move(context), &check);
    const api::Object object = api::Object::of(std::move(status));
    co_return answer(encoder, 200, object);
  }
  co_return fail(errors::not_found(call.resource_name(), call.name));
}

Answer list_all(Context context, ResourceCall call) {
  Offered offered;
  offered.views = true;
  offered.list = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape_of(call), offered));
  CO_TRY(ListOptions options, parse_list_options(call.request(), false));
  CO_TRY(api::LabelSelector selector, api::LabelSelector::parse(options.label_selector));
  std::vector<api::Object> found;
  for (const ComponentCheck& check : *call.deps->components) {
    if (!selector.matches(api::FlatMap<std::string>())) continue;
    corev1::ComponentStatus status = co_await ask(context, &check);
    found.push_back(api::Object::of(std::move(status)));
  }
  co_return list_response(encoder, std::move(found), ListHead());
}

}  // namespace

Answer handle_component_status(Context context, ResourceCall call) {
  call.exchange->warnings.emplace_back("v1 ComponentStatus is deprecated in v1.19+");
  if (call.name.empty()) return list_all(std::move(context), std::move(call));
  return get_one(std::move(context), std::move(call));
}

}  // namespace xebec::apiserver
