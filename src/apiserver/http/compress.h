// gzip for big answers (k8s.io/apiserver's APIResponseCompression): at least 128 KiB, when the client accepts
// it.
#pragma once

#include "http/message.h"

namespace xebec::apiserver {

void compress_if_wanted(const http::Request& request, http::Response& response);

}  // namespace xebec::apiserver
