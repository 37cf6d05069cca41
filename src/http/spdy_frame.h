// SPDY/3.1 frames without I/O.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "http/message.h"

namespace xebec::http::spdy {

enum class Type : uint16_t {
  kData = 0,  // not a control type; marks data here
  kSynStream = 1,
  kSynReply = 2,
  kRstStream = 3,
  kSettings = 4,
  kPing = 6,
  kGoAway = 7,
  kHeaders = 8,
  kWindowUpdate = 9,
};

inline constexpr uint8_t kFin = 1;
inline constexpr uint32_t kSettingInitialWindow = 7;

std::string_view dictionary();

// The compression of header blocks in one direction; its state spans the whole connection.
class Deflater {
 public:
  Deflater();
  ~Deflater();
  std::string compress(const Headers& headers);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Inflater {
 public:
  Inflater();
  ~Inflater();
  // Bounded; any error ends the connection, for the state is lost.
  Result<Headers> decompress(std::string_view block);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

std::string data_frame(uint32_t stream, uint8_t flags, std::string_view bytes);
std::string control_frame(Type type, uint8_t flags, std::string_view payload);
std::string syn_stream(uint32_t stream, uint8_t flags, std::string_view block);
std::string two_words(Type type, uint32_t first, uint32_t second);  // RST_STREAM, GOAWAY, WINDOW_UPDATE
std::string ping_frame(uint32_t id);
std::string syn_reply(uint32_t stream, std::string_view block);

struct Frame {
  Type type = Type::kData;
  uint8_t flags = 0;    // of data: on the last part of a frame only
  uint32_t stream = 0;  // the ping's id for PING, the last good stream for GOAWAY
  uint32_t value = 0;   // status, delta, or initial window of SETTINGS
  Headers headers;      // names in lower case
  std::string data;     // a part of a data frame
};

// Takes frames out of bytes. Data frames come in parts, as they arrive.
class Decoder {
 public:
  void feed(std::string_view bytes) { bytes_ += bytes; }
  // Nothing when more bytes are needed; an error when the connection cannot go on.
  Result<std::optional<Frame>> next();

 private:
  Result<std::optional<Frame>> next_data();
  Result<Frame> control(uint16_t type, uint8_t flags, std::string_view payload);

  Inflater inflater_;
  std::string bytes_;
  size_t offset_ = 0;         // of what is not used yet
  uint32_t data_stream_ = 0;  // of the data frame whose payload is coming
  uint8_t data_flags_ = 0;
  size_t data_left_ = 0;
  bool in_data_ = false;
};

}  // namespace xebec::http::spdy
