// Pieces of HTTP/1.1 (RFC 9112) that server and client share.
#pragma once

#include <memory>
#include <string>

#include "http/message.h"
#include "http/transport.h"

namespace xebec::http {

// Bytes that were read and not used yet, and the connection more come from.
struct Input {
  std::shared_ptr<Transport> transport;
  std::string bytes;

  // Adds what can be read now: as Transport::try_read.
  ssize_t fill();
  // Waits for more; false at the end or when the connection broke.
  Task<bool> more();
};

// Appends "Name: value\r\n"; line breaks in a value cannot end the field.
void append_field(std::string& out, std::string_view name, std::string_view value);

// A piece in the chunked coding; nullptr makes the last chunk.
std::string chunk(const Buffer& piece);

// The connection after an upgrade, starting with the bytes that came too early.
std::unique_ptr<ByteStream> make_upgraded(Input input);

}  // namespace xebec::http
