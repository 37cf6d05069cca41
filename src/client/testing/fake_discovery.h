// Aggregated discovery of FakeApi. Internal to it.
#pragma once

#include "api/scheme.h"
#include "http/message.h"

namespace xebec::client::testing {

// What GET /api (core) and GET /apis (the other groups) answer: the resources that are served by default.
http::Response discovery_response(const api::Scheme& scheme, bool core);

}  // namespace xebec::client::testing
