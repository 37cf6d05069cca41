#include "codec/strict_errors.h"

#include <algorithm>

#include "base/go_quote.h"
#include "codec/json.h"

namespace xebec::codec {
namespace {

constexpr std::size_t kMaxStrictErrors = 100;

std::string strict_path(const DecodeFrame* frame) {
  if (!frame) return {};
  std::string path = strict_path(frame->parent);
  if (frame->at == DecodeFrame::At::Index) return path + "[" + std::to_string(frame->index) + "]";
  if (!path.empty()) path += '.';
  return path + std::string(frame->at == DecodeFrame::At::Field ? frame->field->name : frame->key);
}

}  // namespace

void StrictErrors::add(std::string_view what, const DecodeFrame* frame, std::string_view name) {
  if (!list_ || list_->size() >= kMaxStrictErrors) return;
  std::string path = strict_path(frame);
  if (!path.empty()) path += '.';
  std::string text = std::string(what) + " " + go_quote(path + std::string(name));
  if (std::find(list_->begin(), list_->end(), text) == list_->end()) list_->push_back(std::move(text));
}

std::string strict_message(const std::vector<std::string>& errors) {
  std::string message = "strict decoding error: ";
  for (std::size_t i = 0; i < errors.size(); ++i) message += (i ? ", " : "") + errors[i];
  return message;
}

}  // namespace xebec::codec
