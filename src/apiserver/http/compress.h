// gzip for big answers (k8s.io/apiserver's APIResponseCompression): at least 128 KiB, when the client accepts
// it. What is streamed is big, and goes through piece by piece; not what runs long: a watch's events may not
// wait.
#pragma once

#include "http/message.h"

namespace xebec::apiserver {

void compress_if_wanted(const http::Request& request, bool long_running, http::Response& response);

}  // namespace xebec::apiserver
