// libFuzzer entry: a patch and a document, parted by a zero byte; every patch format applies or fails
// cleanly.
#include <cstdint>
#include <string_view>

#include "api/gen/corev1.h"
#include "codec/json.h"
#include "codec/patch.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  using namespace xebec;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  std::size_t middle = text.find('\0');
  if (middle == std::string_view::npos) return 0;
  std::string_view patch = text.substr(0, middle);
  auto document = codec::parse_json(text.substr(middle + 1));
  if (!document || !document->is_map()) return 0;
  codec::Value a = *document, b = *document, c = *document;
  (void)codec::apply_json_patch(patch, a);
  (void)codec::apply_merge_patch(patch, b);
  (void)codec::apply_strategic_merge_patch(api::type_of<corev1::Pod>(), patch, c);
  return 0;
}
