// Between the plain structs (types.h) and the CRI's messages. Included by .cc files of this folder only.
#pragma once

#include "api.pb.h"
#include "kubelet/cri/types.h"

namespace xebec::cri {

namespace pb = runtime::v1;

void to_pb(const PodSandboxConfig& from, pb::PodSandboxConfig* to);
void to_pb(const PodSandboxFilter& from, pb::PodSandboxFilter* to);
void to_pb(const ContainerConfig& from, pb::ContainerConfig* to);
void to_pb(const ContainerFilter& from, pb::ContainerFilter* to);
void to_pb(const LinuxResources& from, pb::LinuxContainerResources* to);
void to_pb(const ImageSpec& from, pb::ImageSpec* to);
void to_pb(const AuthConfig& from, pb::AuthConfig* to);
void to_pb(const StringMap& from, google::protobuf::Map<std::string, std::string>* to);

PodSandbox from_pb(const pb::PodSandbox& from);
PodSandboxStatus from_pb(const pb::PodSandboxStatus& from);
Container from_pb(const pb::Container& from);
ContainerStatus from_pb(const pb::ContainerStatus& from);
ContainerStats from_pb(const pb::ContainerStats& from);
PodSandboxStats from_pb(const pb::PodSandboxStats& from);
Image from_pb(const pb::Image& from);
RuntimeStatus from_pb(const pb::StatusResponse& from);
ImageFsInfo from_pb(const pb::ImageFsInfoResponse& from);

}  // namespace xebec::cri
