// Bringing the images of OCI archives into a containerd.
#pragma once

#include <map>
#include <string>

#include "base/logger.h"
#include "base/result.h"
#include "base/sync.h"
#include "base/task.h"

namespace xebec::containerd {

// The archives of a folder, as tools/images/build.sh makes them: NAME.tar with NAME.refs ("IMAGE<TAB>DIGEST"
// a line). They stand in for the registry, for the images they hold: a node needs no network to run them.
class ImageArchives {
 public:
  ImageArchives(std::string socket, Logger logger) : socket_(std::move(socket)), logger_(std::move(logger)) {}

  // Learns which images the folder's archives hold; imports nothing.
  void add_folder(const std::string& folder);
  // Imports every archive that has an image which is missing or of another digest. Returns how many were
  // imported.
  Task<Result<int>> import_all();
  // Imports the archive with the image of this full name; waits for an import that is under way.
  Task<Result<void>> import_one(std::string image);
  // Is it an image of an archive?
  bool has(const std::string& image) const { return archive_of_.contains(image); }

 private:
  Task<Result<void>> import(std::string archive);

  const std::string socket_;
  const Logger logger_;
  std::map<std::string, std::map<std::string, std::string>> archives_;  // path -> image -> digest
  std::map<std::string, std::string> archive_of_;                       // image -> path
  AsyncMutex importing_;  // one at a time: they would only compete for the disk
};

// Image name -> digest, from "NAME<TAB>DIGEST" lines.
std::map<std::string, std::string> parse_refs(const std::string& text);
// The same from what `ctr images ls` prints.
std::map<std::string, std::string> parse_image_list(const std::string& text);

}  // namespace xebec::containerd
