// Parts of volume sources that several kinds of volumes share.
#pragma once

#include "api/gen/corev1.h"
#include "apiserver/validation/check.h"

namespace xebec::apiserver::validation {

// Permission bits of a file.
void check_mode(Errors& errors, const Path& path, const std::optional<int32_t>& mode);
void check_items(Errors& errors, const Path& path, const std::vector<corev1::KeyToPath>& items);
void check_downward_file(Errors& errors, const Path& at, const corev1::DownwardAPIVolumeFile& file);
void check_projected(Errors& errors, const Path& path, const corev1::ProjectedVolumeSource& projected);

}  // namespace xebec::apiserver::validation
