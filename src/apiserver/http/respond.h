// Answers: objects, errors and plain texts as HTTP responses
// (k8s.io/apiserver/pkg/endpoints/handlers/responsewriters).
#pragma once

#include <string>
#include <string_view>

#include "api/descriptor.h"
#include "api/object.h"
#include "apiserver/http/negotiate.h"
#include "apiserver/http/stage.h"
#include "base/status.h"
#include "http/message.h"

namespace xebec::apiserver {

// The object as a whole document of the media type. Protobuf is in its `k8s\0` envelope.
std::string encode_document(const api::Message& type, const void* object, std::string_view api_version,
                            std::string_view kind, MediaType media, bool pretty);

http::Response object_response(int code, const api::Message& type, const void* object,
                               std::string_view api_version, std::string_view kind, const Accepted& accepted);
// apiVersion and kind are those of the type's first GVK.
http::Response object_response(int code, const api::Object& object, const Accepted& accepted);

// A metav1 Status in a form the client accepts, JSON if there is none. What only we know (kCancelled,
// kUnknownOutcome) is told in upstream's words.
http::Response error_response(const http::Request& request, const Status& status);

// Text ends as given; upstream's http.Error adds a newline and nosniff.
http::Response text_response(int code, std::string text);
http::Response http_error(int code, std::string_view text);

// `404 page not found`.
http::Response page_not_found();

// The Status as the API's own type, failure filled in.
api::Object status_object(const Status& status);

}  // namespace xebec::apiserver
