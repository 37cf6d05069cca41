// GET of one object, and LIST.
#include "apiserver/cache/entry.h"
#include "apiserver/http/list_writer.h"
#include "apiserver/http/resource_call.h"

namespace xebec::apiserver {

Answer handle_get(Context context, ResourceCall call, Shape shape) {
  Offered offered;
  offered.views = shape.type == call.resource->message;
  CO_TRY(Encoder encoder, encoder_for(call, shape, offered));
  GetRequest request;
  request.namespace_ = call.namespace_;
  request.name = call.name;
  request.resource_version = call.request().param("resourceVersion").value_or("");
  CO_TRY(std::shared_ptr<const Entry> entry,
         co_await call.registry->get(std::move(context), std::move(request)));

  std::string document;
  if (shape.type == call.resource->message) {
    CO_TRY(document, encoder.document(*entry));
  } else {
    CO_TRY(std::shared_ptr<const api::Object> hub, entry->object());
    CO_TRY(api::Object shown, shape.read(*hub));
    CO_TRY(document, encoder.document(shown));
  }
  http::Response response;
  response.headers.add("Content-Type", encoder.content_type());
  response.set_body(std::move(document));
  co_return response;
}

Answer handle_list(Context context, ResourceCall call) {
  Offered offered;
  offered.views = true;
  offered.list = true;
  CO_TRY(Encoder encoder, encoder_for(call, shape_of(call), offered));
  CO_TRY(ListOptions options, parse_list_options(call.request(), false));
  ListRequest request;
  request.namespace_ = call.namespace_;
  request.label_selector = std::move(options.label_selector);
  request.field_selector = std::move(options.field_selector);
  request.limit = options.limit;
  request.continue_ = std::move(options.continue_);
  request.resource_version = std::move(options.resource_version);
  request.resource_version_match = std::move(options.resource_version_match);
  request.send_initial_events = options.send_initial_events;
  CO_TRY(ListPage page, co_await call.registry->list(std::move(context), std::move(request)));

  ListHead head;
  head.resource_version = std::to_string(page.revision);
  head.continue_ = std::move(page.continue_);
  head.remaining_item_count = page.remaining_item_count;
  co_return list_response(encoder, std::move(page.items), head);
}

}  // namespace xebec::apiserver
