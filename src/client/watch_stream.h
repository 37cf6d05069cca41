// Makes a WatchStream of a response to a watch request. Internal to the client.
#pragma once

#include "client/watch.h"
#include "http/message.h"

namespace xebec::client {

Result<std::unique_ptr<WatchStream>> make_watch_stream(const api::Message& type, http::Response response);

}  // namespace xebec::client
