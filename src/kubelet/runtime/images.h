// Bringing the images of OCI archives into a containerd.
#pragma once

#include <map>
#include <string>

#include "base/logger.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::containerd {

// Every FOLDER/NAME.tar with its FOLDER/NAME.refs ("IMAGE<TAB>DIGEST" a line). Returns how many were imported.
Task<Result<int>> import_images(std::string socket, std::string folder, Logger logger);

// Image name -> digest, from "NAME<TAB>DIGEST" lines.
std::map<std::string, std::string> parse_refs(const std::string& text);
// The same from what `ctr images ls` prints.
std::map<std::string, std::string> parse_image_list(const std::string& text);

}  // namespace xebec::containerd
