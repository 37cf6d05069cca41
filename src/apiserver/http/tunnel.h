// Passing answers and upgraded connections of another server on to a client.
#pragma once

#include <memory>

#include "apiserver/http/resource_call.h"
#include "http/message.h"

namespace xebec::apiserver {

// Upgrades at the other server and answers 101; bytes are then copied both ways until one side ends.
Answer open_tunnel(Context context, std::shared_ptr<http::Client> client, http::Request request);

// The other server's answer as ours: a plain stream of text; an error of it as a Status.
Answer pass_on(std::shared_ptr<http::Client> client, http::Response response);

// The other server's answer, status and fields included.
http::Response pass_through(std::shared_ptr<http::Client> client, http::Response response);

}  // namespace xebec::apiserver
