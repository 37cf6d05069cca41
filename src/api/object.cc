#include "api/object.h"

#include "api/gen/metav1.h"

namespace xebec::api {

metav1::ObjectMeta* Object::meta() {
  if (!data_ || type_->object_meta_offset < 0) return nullptr;
  return reinterpret_cast<metav1::ObjectMeta*>(static_cast<char*>(data_) + type_->object_meta_offset);
}

metav1::ListMeta* Object::list_meta() {
  if (!data_ || type_->list_meta_offset < 0) return nullptr;
  return reinterpret_cast<metav1::ListMeta*>(static_cast<char*>(data_) + type_->list_meta_offset);
}

GroupVersionKind Object::gvk() const {
  return type_ && !type_->kinds.empty() ? type_->kinds[0].gvk() : GroupVersionKind{};
}

GroupVersion GroupVersion::parse(std::string_view api_version) {
  const auto slash = api_version.find('/');
  if (slash == std::string_view::npos || api_version.find('/', slash + 1) != std::string_view::npos)
    return {"", std::string(api_version)};
  return {std::string(api_version.substr(0, slash)), std::string(api_version.substr(slash + 1))};
}

GroupVersionKind GroupVersionKind::from(std::string_view api_version, std::string_view kind) {
  GroupVersion gv = GroupVersion::parse(api_version);
  return {std::move(gv.group), std::move(gv.version), std::string(kind)};
}

}  // namespace xebec::api

template class xebec::api::FlatMap<std::string>;
