#include "apiserver/validation/volume_plugins.h"

#include <algorithm>

namespace xebec::apiserver::validation {
namespace {

constexpr std::string_view kPartition = "must be between 1 and 255, inclusive";
constexpr std::string_view kLun = "must be between 0 and 255, inclusive";
constexpr std::string_view kFormat = "must be valid format";
constexpr std::string_view kFormatOfKind = "must be valid format starting with iqn, eui, or naa";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool alnum(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0; }

bool digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// iqn.YYYY-MM.domain:name; the pattern may begin anywhere in the text.
bool iqn_at(std::string_view text) {
  if (!text.starts_with("iqn.") || text.size() < 12) return false;
  if (!digits(text.substr(4, 4)) || text[8] != '-' || !digits(text.substr(9, 2)) || text[11] != '.')
    return false;
  const std::string_view rest = text.substr(12);
  size_t domain = 0;
  while (domain < rest.size() && (alnum(rest[domain]) || rest[domain] == '-' || rest[domain] == '.'))
    ++domain;
  if (domain == 0 || domain == rest.size() || rest[domain] != ':') return false;
  const std::string_view name = rest.substr(domain + 1);
  return !name.empty() && name.find_first_of(",;*&$| \t\n\r\f\v") == std::string_view::npos;
}

bool valid_iqn(std::string_view text) {
  for (size_t at = text.find("iqn"); at != std::string_view::npos; at = text.find("iqn", at + 1))
    if (iqn_at(text.substr(at))) return true;
  return false;
}

bool valid_numbered(std::string_view text, size_t count) {
  return text.size() == 4 + count && std::all_of(text.begin() + 4, text.end(), alnum);
}

// `no_kind` is what is said of a name of none of the three kinds.
void check_iscsi_name(Errors& errors, const Path& path, std::string_view name, std::string_view no_kind) {
  const bool iqn = name.starts_with("iqn"), eui = name.starts_with("eui"), naa = name.starts_with("naa");
  if (!iqn && !eui && !naa) {
    errors.push_back(field::invalid_string(path, name, no_kind));
  } else if ((iqn && !valid_iqn(name)) || (eui && !valid_numbered(name, 16)) ||
             (naa && !valid_numbered(name, 32))) {
    errors.push_back(field::invalid_string(path, name, kFormat));
  }
}

void check_secret_ref(Errors& errors, const Path& path, const api::Box<corev1::LocalObjectReference>& ref) {
  if (ref) check_required(errors, path.child("secretRef").child("name"), ref->name);
}

// net.SplitHostPort.
bool host_and_port(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  if (!text.starts_with('['))
    return text.find(':') == colon && text.find_first_of("[]") == std::string_view::npos;
  return text.find(']') == colon - 1 && text.find_first_of("[]", colon) == std::string_view::npos &&
         text.find('[', 1) == std::string_view::npos;
}

}  // namespace

void check_host_path(Errors& errors, const Path& path, const corev1::HostPathVolumeSource& source) {
  if (source.path.empty()) return void(errors.push_back(field::required(path.child("path"))));
  check_no_backsteps(errors, path.child("path"), source.path);
  check_enum(
      errors, path.child("type"), source.type,
      {"", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"});
}

void check_git_repo(Errors& errors, const Path& path, const corev1::GitRepoVolumeSource& source) {
  check_required(errors, path.child("repository"), source.repository);
  check_local_path(errors, path.child("directory"), source.directory);
}

void check_gce_disk(Errors& errors, const Path& path, const corev1::GCEPersistentDiskVolumeSource& source) {
  check_required(errors, path.child("pdName"), source.pdName);
  if (source.partition < 0 || source.partition > 255)
    errors.push_back(field::invalid_int(path.child("partition"), source.partition, kPartition));
}

void check_aws_disk(Errors& errors, const Path& path,
                    const corev1::AWSElasticBlockStoreVolumeSource& source) {
  check_required(errors, path.child("volumeID"), source.volumeID);
  if (source.partition < 0 || source.partition > 255)
    errors.push_back(field::invalid_int(path.child("partition"), source.partition, kPartition));
}

void check_nfs(Errors& errors, const Path& path, const corev1::NFSVolumeSource& source) {
  check_required(errors, path.child("server"), source.server);
  check_required(errors, path.child("path"), source.path);
  if (!source.path.starts_with('/'))
    errors.push_back(field::invalid_string(path.child("path"), source.path, "must be an absolute path"));
}

namespace {

template <class Source>  // of a Pod or a PersistentVolume
void check_iscsi_target(Errors& errors, const Path& path, const Source& source, std::string_view no_kind) {
  if (source.iqn.empty()) {
    errors.push_back(field::required(path.child("iqn")));
  } else {
    check_iscsi_name(errors, path.child("iqn"), source.iqn, no_kind);
  }
  if (source.lun < 0 || source.lun > 255)
    errors.push_back(field::invalid_int(path.child("lun"), source.lun, kLun));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && !source.secretRef)
    errors.push_back(field::required(path.child("secretRef")));
}

}  // namespace

void check_iscsi(Errors& errors, const Path& path, const corev1::ISCSIVolumeSource& source) {
  check_required(errors, path.child("targetPortal"), source.targetPortal);
  check_iscsi_target(errors, path, source, kFormatOfKind);
  if (source.initiatorName)
    check_iscsi_name(errors, path.child("initiatorname"), *source.initiatorName, kFormatOfKind);
}

void check_persistent_iscsi(Errors& errors, const Path& path,
                            const corev1::ISCSIPersistentVolumeSource& source, std::string_view volume) {
  check_required(errors, path.child("targetPortal"), source.targetPortal);
  if (source.initiatorName && volume.size() + 1 + source.targetPortal.size() > 64) {
    errors.push_back(field::invalid_string(path.child("targetportal"), source.targetPortal,
                                           "Total length of <volume name>:<iscsi.targetPortal> must be under "
                                           "64 characters if iscsi.initiatorName is specified."));
  }
  check_iscsi_target(errors, path, source, kFormat);
  if (source.secretRef) check_required(errors, path.child("secretRef").child("name"), source.secretRef->name);
  if (source.initiatorName)
    check_iscsi_name(errors, path.child("initiatorname"), *source.initiatorName, kFormat);
}

void check_glusterfs(Errors& errors, const Path& path, const corev1::GlusterfsVolumeSource& source) {
  check_required(errors, path.child("endpoints"), source.endpoints);
  check_required(errors, path.child("path"), source.path);
}

void check_flocker(Errors& errors, const Path& path, const corev1::FlockerVolumeSource& source) {
  if (source.datasetName.empty() && source.datasetUUID.empty())
    errors.push_back(field::required(path, "one of datasetName and datasetUUID is required"));
  if (!source.datasetName.empty() && !source.datasetUUID.empty()) {
    errors.push_back(field::invalid_string(
        path, "resource", "datasetName and datasetUUID can not be specified simultaneously"));
  }
  if (source.datasetName.find('/') != std::string::npos)
    errors.push_back(
        field::invalid_string(path.child("datasetName"), source.datasetName, "must not contain '/'"));
}

void check_rbd(Errors& errors, const Path& path, const corev1::RBDVolumeSource& source) {
  if (source.monitors.empty()) errors.push_back(field::required(path.child("monitors")));
  check_required(errors, path.child("image"), source.image);
}

void check_cinder(Errors& errors, const Path& path, const corev1::CinderVolumeSource& source) {
  check_required(errors, path.child("volumeID"), source.volumeID);
  check_secret_ref(errors, path, source.secretRef);
}

void check_ceph_fs(Errors& errors, const Path& path, const corev1::CephFSVolumeSource& source) {
  if (source.monitors.empty()) errors.push_back(field::required(path.child("monitors")));
}

void check_quobyte(Errors& errors, const Path& path, const corev1::QuobyteVolumeSource& source) {
  static constexpr std::string_view kPairs = "must be a host:port pair or multiple pairs separated by commas";
  if (source.registry.empty()) {
    errors.push_back(field::required(path.child("registry"), kPairs));
  } else if (source.tenant.size() >= 65) {
    errors.push_back(
        field::required(path.child("tenant"), "must be a UUID and may not exceed a length of 64 characters"));
  } else {
    for (size_t begin = 0; begin <= source.registry.size();) {
      const size_t end = std::min(source.registry.find(',', begin), source.registry.size());
      if (!host_and_port(std::string_view(source.registry).substr(begin, end - begin)))
        errors.push_back(field::invalid_string(path.child("registry"), source.registry, kPairs));
      begin = end + 1;
    }
  }
  check_required(errors, path.child("volume"), source.volume);
}

void check_fc(Errors& errors, const Path& path, const corev1::FCVolumeSource& source) {
  const Path names = path.child("targetWWNs");
  if (source.targetWWNs.empty() && source.wwids.empty())
    errors.push_back(field::required(names, "must specify either targetWWNs or wwids, but not both"));
  if (!source.targetWWNs.empty() && !source.wwids.empty()) {
    errors.push_back(field::invalid(names, go_json(source.targetWWNs),
                                    "targetWWNs and wwids can not be specified simultaneously"));
  }
  if (source.targetWWNs.empty()) return;
  if (!source.lun) {
    errors.push_back(field::required(path.child("lun"), "lun is required if targetWWNs is specified"));
  } else if (*source.lun < 0 || *source.lun > 255) {
    errors.push_back(field::invalid_int(path.child("lun"), *source.lun, kLun));
  }
}

void check_flex(Errors& errors, const Path& path, const corev1::FlexVolumeSource& source) {
  check_required(errors, path.child("driver"), source.driver);
  for (const auto& [key, value] : source.options) {
    const std::string domain = "." + lower(std::string_view(key).substr(0, key.find('/')));
    if (domain.ends_with(".kubernetes.io") || domain.ends_with(".k8s.io")) {
      errors.push_back(field::invalid_string(path.child("options").key(key), key,
                                             "kubernetes.io and k8s.io namespaces are reserved"));
    }
  }
}

void check_azure_file(Errors& errors, const Path& path, const corev1::AzureFileVolumeSource& source) {
  check_required(errors, path.child("secretName"), source.secretName);
  check_required(errors, path.child("shareName"), source.shareName);
}

void check_vsphere(Errors& errors, const Path& path, const corev1::VsphereVirtualDiskVolumeSource& source) {
  check_required(errors, path.child("volumePath"), source.volumePath);
}

void check_photon(Errors& errors, const Path& path, const corev1::PhotonPersistentDiskVolumeSource& source) {
  check_required(errors, path.child("pdID"), source.pdID);
}

void check_portworx(Errors& errors, const Path& path, const corev1::PortworxVolumeSource& source) {
  check_required(errors, path.child("volumeID"), source.volumeID);
}

void check_azure_disk(Errors& errors, const Path& path, const corev1::AzureDiskVolumeSource& source) {
  check_required(errors, path.child("diskName"), source.diskName);
  check_required(errors, path.child("diskURI"), source.diskURI);
  check_enum(errors, path.child("cachingMode"), source.cachingMode, {"None", "ReadOnly", "ReadWrite"});
  check_enum(errors, path.child("kind"), source.kind, {"Dedicated", "Managed", "Shared"});
  if (!source.kind) return;
  auto uri = [&](std::string_view prefix, std::string_view form) {
    if (!source.diskURI.starts_with(prefix))
      errors.push_back(field::not_supported(path.child("diskURI"), source.diskURI, std::span(&form, 1)));
  };
  if (*source.kind == "Managed") {
    uri("/subscriptions/",
        "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}");
  } else {
    uri("https://", "https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd");
  }
}

void check_storage_os(Errors& errors, const Path& path, const corev1::StorageOSVolumeSource& source) {
  if (source.volumeName.empty()) {
    errors.push_back(field::required(path.child("volumeName")));
  } else {
    check_dns_label(errors, path.child("volumeName"), source.volumeName);
  }
  if (!source.volumeNamespace.empty())
    check_dns_label(errors, path.child("volumeNamespace"), source.volumeNamespace);
  check_secret_ref(errors, path, source.secretRef);
}

void check_scale_io(Errors& errors, const Path& path, const corev1::ScaleIOVolumeSource& source) {
  check_required(errors, path.child("gateway"), source.gateway);
  check_required(errors, path.child("system"), source.system);
  check_required(errors, path.child("volumeName"), source.volumeName);
}

void check_csi_driver_name(Errors& errors, const Path& path, std::string_view name) {
  if (name.empty()) errors.push_back(field::required(path));
  if (name.size() > 63) errors.push_back(field::too_long(path, 63));
  check_messages(errors, path, name, api::is_dns1123_subdomain(lower(name)));
}

void check_csi(Errors& errors, const Path& path, const corev1::CSIVolumeSource& source) {
  check_csi_driver_name(errors, path.child("driver"), source.driver);
  if (!source.nodePublishSecretRef) return;
  const std::string& name = source.nodePublishSecretRef->name;
  if (name.empty()) {
    errors.push_back(field::required(path.child("nodePublishSecretRef").child("name")));
  } else {
    check_dns_subdomain(errors, path.child("name"), name);
  }
}

}  // namespace xebec::apiserver::validation
