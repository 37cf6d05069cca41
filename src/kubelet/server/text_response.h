// Answers of the kubelet's server are plain text, errors too.
#pragma once

#include <string>

#include "base/status.h"
#include "http/message.h"

namespace xebec::kubelet {

inline http::Response text_response(int status, std::string text,
                                    std::string_view type = "text/plain; charset=utf-8") {
  http::Response response;
  response.status = status;
  response.headers.add("Content-Type", type);
  response.set_body(std::move(text));
  return response;
}

inline http::Response error_response(const Status& status) {
  return text_response(status.code >= 400 ? status.code : 500, status.message);
}

}  // namespace xebec::kubelet
