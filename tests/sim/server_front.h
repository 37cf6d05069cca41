// What stands between clients and an API server that may go away and come back: while there is none, requests
// are refused; those under way when it goes are cut off, and so are watches, as by a killed process.
#pragma once

#include "base/cancel.h"
#include "http/message.h"

namespace xebec::sim {

class ServerFront final : public http::Handler {
 public:
  // nullptr: there is no server. The server before is cut off.
  void set_server(http::Handler* server);
  Task<http::Response> handle(Context context, http::Request request) override;

 private:
  http::Handler* server_ = nullptr;
  uint64_t generation_ = 0;  // of servers
  CancelSource connections_;
};

}  // namespace xebec::sim
