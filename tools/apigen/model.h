// What apigen knows of a message once protobuf's descriptors and our options (api/options.proto) are put
// together.
//
//   protoc -I api --plugin=protoc-gen-xebec=apigen --xebec_out=PARAMETERS:OUT files...
//   PARAMETERS: resources=api/resources.textproto,descriptions=api
//
// writes OUT/api/gen/<alias>.h and .cc for every file with structs, OUT/api/gen/scheme_tables.cc and
// OUT/api/gen/descriptions.cc.
#pragma once

#include <google/protobuf/descriptor.h>

#include <map>
#include <set>
#include <string>
#include <vector>

#include "options.pb.h"

namespace apigen {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

struct FieldModel {
  const FieldDescriptor* descriptor;
  xebec::Field options;
  std::string kind;  // of api::Kind
  std::string rep;   // of api::Rep
  std::string json_name;
  std::string cpp_name;
  std::string element;                  // C++ type of one value
  std::string cpp_type;                 // C++ type of the member
  const Descriptor* message = nullptr;  // Kind::Message
  uint32_t tag = 0;                     // of one element on the wire
};

struct MessageModel {
  const Descriptor* descriptor;
  xebec::Type options;
  std::vector<FieldModel> fields;  // declaration order, embedded ones included

  std::string name() const { return descriptor->name(); }
  bool is_struct() const { return !options.has_scalar() && !options.alias_only(); }
};

class Model {
 public:
  explicit Model(const std::vector<const FileDescriptor*>& files);

  // The messages of a file so that a value member's type stands before the struct that holds it.
  const std::vector<const MessageModel*>& ordered(const FileDescriptor* file) const {
    return ordered_.at(file);
  }
  const MessageModel& of(const Descriptor* d) const { return messages_.at(d); }
  // The fields of a struct's JSON view: its own and, in their place, those promoted from bases.
  void json_fields(const MessageModel& m, std::vector<const FieldModel*>& out) const;
  bool has_structs(const FileDescriptor* file) const { return !ordered_.at(file).empty(); }
  bool is_base(const Descriptor* d) const { return bases_.count(d) != 0; }
  static std::string alias(const FileDescriptor* file);
  // corev1::Pod
  static std::string qualified(const Descriptor* d);

 private:
  std::map<const Descriptor*, MessageModel> messages_;
  std::set<const Descriptor*> bases_;  // embedded somewhere
  std::map<const FileDescriptor*, std::vector<const MessageModel*>> ordered_;
};

std::string quote(const std::string& text);
std::string emit_header(const Model& model, const FileDescriptor* file);
std::string emit_source(const Model& model, const FileDescriptor* file);
// Tables of messages and resources; `table` is the text of api/resources.textproto. Empty and `error` set on
// failure.
std::string emit_scheme(const Model& model, const std::vector<const FileDescriptor*>& files,
                        const std::string& table, std::string* error);
// The table of what api/descriptions.h tells, from the descriptions.txt beside each file below `root`. Empty
// and `error` set when a line names nothing.
std::string emit_descriptions(const Model& model, const std::vector<const FileDescriptor*>& files,
                              const std::string& root, std::string* error);

}  // namespace apigen
