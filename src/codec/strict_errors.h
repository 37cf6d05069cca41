// What strict decoding complains of: fields that are unknown or come twice, by their paths.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "codec/decode_frame.h"

namespace xebec::codec {

class StrictErrors {
 public:
  // null: nobody wants them.
  explicit StrictErrors(std::vector<std::string>* list) : list_(list) {}
  // `unknown field "spec.foo"`; each is kept once, and no more of them than upstream keeps.
  void add(std::string_view what, const DecodeFrame* frame, std::string_view name);

 private:
  std::vector<std::string>* list_;
};

}  // namespace xebec::codec
