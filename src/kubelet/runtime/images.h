// Bringing the images of OCI archives into a containerd.
#pragma once

#include <map>
#include <string>

#include "base/logger.h"
#include "base/result.h"
#include "base/task.h"

namespace xebec::containerd {

// The archives of a folder, as tools/images/build.sh makes them: NAME.tar with NAME.refs ("IMAGE<TAB>DIGEST" a line).
// They stand in for the registry, for the images they hold: a node needs no network to run them.
class ImageArchives {
 public:
  ImageArchives(std::string socket, Logger logger) : socket_(std::move(socket)), logger_(std::move(logger)) {}

  // Imports every archive that has an image which is missing or of another digest. Returns how many were imported.
  Task<Result<int>> import_all(std::string folder);
  // Imports the archive with the image of this full name again. False when no archive has it.
  Task<Result<bool>> import_one(std::string image);
  // Is it an image of a folder that import_all saw?
  bool has(const std::string& image) const { return archives_.contains(image); }

 private:
  Task<Result<void>> import(std::string archive);

  const std::string socket_;
  const Logger logger_;
  std::map<std::string, std::string> archives_;  // image -> path of its archive
};

// Image name -> digest, from "NAME<TAB>DIGEST" lines.
std::map<std::string, std::string> parse_refs(const std::string& text);
// The same from what `ctr images ls` prints.
std::map<std::string, std::string> parse_image_list(const std::string& text);

}  // namespace xebec::containerd
