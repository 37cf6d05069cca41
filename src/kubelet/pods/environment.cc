#include "kubelet/pods/environment.h"

#include <fmt/format.h>

#include "kubelet/objects.h"
#include "kubelet/problem.h"

namespace xebec::kubelet {
namespace {

std::string upper_name(std::string_view name) {
  std::string out(name);
  for (char& c : out) c = c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return out;
}

std::string host_port(const std::string& host, int32_t port) {
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                             : fmt::format("[{}]:{}", host, port);
}

void add_service(const corev1::Service& service, std::map<std::string, std::string>& out) {
  std::string prefix = upper_name(service.metadata.name);
  const std::string& ip = service.spec.clusterIP;
  const auto& ports = service.spec.ports;
  if (ports.empty()) return;
  out[prefix + "_SERVICE_HOST"] = ip;
  out[prefix + "_SERVICE_PORT"] = std::to_string(ports[0].port);
  for (const corev1::ServicePort& port : ports) {
    if (!port.name.empty())
      out[prefix + "_SERVICE_PORT_" + upper_name(port.name)] = std::to_string(port.port);
  }
  bool first = true;
  for (const corev1::ServicePort& port : ports) {
    std::string protocol = port.protocol.empty() ? "TCP" : port.protocol;
    std::string lower = protocol;
    for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    std::string url = fmt::format("{}://{}", lower, host_port(ip, port.port));
    if (first) out[prefix + "_PORT"] = url;
    first = false;
    std::string name = fmt::format("{}_PORT_{}_{}", prefix, port.port, protocol);
    out[name] = url;
    out[name + "_PROTO"] = lower;
    out[name + "_PORT"] = std::to_string(port.port);
    out[name + "_ADDR"] = ip;
  }
}

bool is_env_name(std::string_view name) {
  if (name.empty() || name == "." || name == "..") return false;
  for (char c : name) {
    if (c <= ' ' || c >= 0x7f || c == '=') return false;
  }
  return true;
}

class Builder {
 public:
  explicit Builder(EnvironmentInputs inputs) : in_(std::move(inputs)) {}

  Task<Result<std::vector<cri::EnvVar>>> run() {
    for (const corev1::EnvFromSource& source : in_.container.envFrom) {
      CO_TRY_VOID(co_await add_source(source));
    }
    for (const corev1::EnvVar& variable : in_.container.env) {
      CO_TRY_VOID(co_await add_variable(variable));
    }
    for (const auto& [name, value] : in_.services) {
      if (!values_.contains(name)) put(name, value);
    }
    std::vector<cri::EnvVar> out;
    for (const std::string& name : order_) {
      cri::EnvVar variable{.name = name, .value = values_[name]};
      out.push_back(std::move(variable));
    }
    co_return out;
  }

 private:
  void put(const std::string& name, std::string value) {
    if (!values_.contains(name)) order_.push_back(name);
    values_[name] = std::move(value);
  }

  Task<Result<void>> add_source(const corev1::EnvFromSource& source) {
    if (source.configMapRef) {
      const auto& ref = *source.configMapRef;
      Result<corev1::ConfigMap*> map = co_await config_map(ref.name, ref.optional.value_or(false));
      if (!map) co_return fail(map.error());
      if (*map == nullptr) co_return Result<void>();
      for (const auto& [key, value] : (*map)->data) {
        if (is_env_name(source.prefix + key)) put(source.prefix + key, value);
      }
    } else if (source.secretRef) {
      const auto& ref = *source.secretRef;
      Result<corev1::Secret*> secret = co_await this->secret(ref.name, ref.optional.value_or(false));
      if (!secret) co_return fail(secret.error());
      if (*secret == nullptr) co_return Result<void>();
      for (const auto& [key, value] : (*secret)->data) {
        if (is_env_name(source.prefix + key)) put(source.prefix + key, value.data);
      }
    }
    co_return Result<void>();
  }

  Task<Result<void>> add_variable(const corev1::EnvVar& variable) {
    if (!variable.valueFrom) {
      std::map<std::string, std::string> known = in_.services;
      for (const auto& [name, value] : values_) known[name] = value;
      put(variable.name, expand(variable.value, known));
      co_return Result<void>();
    }
    const corev1::EnvVarSource& from = *variable.valueFrom;
    const corev1::Pod& pod = *in_.pod;
    if (from.fieldRef) {
      CO_TRY(std::string value, field_value(pod, from.fieldRef->fieldPath, in_.facts));
      put(variable.name, std::move(value));
    } else if (from.resourceFieldRef) {
      CO_TRY(std::string value, resource_value(pod, &in_.container, *from.resourceFieldRef, in_.allocatable));
      put(variable.name, std::move(value));
    } else if (from.configMapKeyRef) {
      const auto& ref = *from.configMapKeyRef;
      bool optional = ref.optional.value_or(false);
      Result<corev1::ConfigMap*> map = co_await config_map(ref.name, optional);
      if (!map) co_return fail(map.error());
      if (*map == nullptr) co_return Result<void>();
      if (const std::string* value = (*map)->data.get(ref.key)) {
        put(variable.name, *value);
      } else if (!optional) {
        co_return fail(problem(fmt::format("couldn't find key {} in ConfigMap {}/{}", ref.key,
                                           pod.metadata.namespace_, ref.name)));
      }
    } else if (from.secretKeyRef) {
      const auto& ref = *from.secretKeyRef;
      bool optional = ref.optional.value_or(false);
      Result<corev1::Secret*> secret = co_await this->secret(ref.name, optional);
      if (!secret) co_return fail(secret.error());
      if (*secret == nullptr) co_return Result<void>();
      if (const api::Bytes* value = (*secret)->data.get(ref.key)) {
        put(variable.name, value->data);
      } else if (!optional) {
        co_return fail(problem(
            fmt::format("couldn't find key {} in Secret {}/{}", ref.key, pod.metadata.namespace_, ref.name)));
      }
    } else {
      co_return fail(
          problem(fmt::format("environment variable {}: this source is not supported", variable.name)));
    }
    co_return Result<void>();
  }

  // nullptr: missing, and optional. Each object is read once a container.
  Task<Result<corev1::ConfigMap*>> config_map(std::string name, bool optional) {
    auto found = maps_.find(name);
    if (found == maps_.end()) {
      Result<corev1::ConfigMap> map =
          co_await get_config_map(in_.rest, in_.token, in_.pod->metadata.namespace_, name);
      if (!map && optional && map.error().is(reason::kNotFound)) co_return nullptr;
      if (!map) co_return fail(map.error());
      found = maps_.emplace(name, std::move(*map)).first;
    }
    co_return &found->second;
  }
  Task<Result<corev1::Secret*>> secret(std::string name, bool optional) {
    auto found = secrets_.find(name);
    if (found == secrets_.end()) {
      Result<corev1::Secret> secret =
          co_await get_secret(in_.rest, in_.token, in_.pod->metadata.namespace_, name);
      if (!secret && optional && secret.error().is(reason::kNotFound)) co_return nullptr;
      if (!secret) co_return fail(secret.error());
      found = secrets_.emplace(name, std::move(*secret)).first;
    }
    co_return &found->second;
  }

  EnvironmentInputs in_;
  std::map<std::string, std::string> values_;
  std::vector<std::string> order_;
  std::map<std::string, corev1::ConfigMap> maps_;
  std::map<std::string, corev1::Secret> secrets_;
};

Task<Result<std::vector<cri::EnvVar>>> run_builder(std::unique_ptr<Builder> builder) {
  co_return co_await builder->run();
}

}  // namespace

std::string expand(std::string_view text, const std::map<std::string, std::string>& values,
                   const std::function<void(const std::string& name)>& missing) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      out += text[i];
      continue;
    }
    char next = text[i + 1];
    size_t end = next == '(' ? text.find(')', i + 2) : std::string_view::npos;
    if (next == '$') {
      out += '$';
      ++i;
    } else if (next == '(' && end != std::string_view::npos) {
      std::string name(text.substr(i + 2, end - i - 2));
      auto found = values.find(name);
      if (missing && (found == values.end() || found->second.empty())) missing(name);
      out += found == values.end() ? "$(" + name + ")" : found->second;
      i = end;
    } else {
      out += '$';
    }
  }
  return out;
}

std::map<std::string, std::string> service_variables(
    const std::vector<std::shared_ptr<const corev1::Service>>& services, std::string_view ns, bool links) {
  std::map<std::string, std::string> out;
  // A service of the pod's own namespace hides the default one of the same name.
  for (bool own : {false, true}) {
    for (const auto& service : services) {
      const std::string& ip = service->spec.clusterIP;
      if (ip.empty() || ip == "None") continue;
      bool master = service->metadata.namespace_ == "default" && service->metadata.name == "kubernetes";
      bool wanted = own ? links && service->metadata.namespace_ == ns : master;
      if (wanted) add_service(*service, out);
    }
  }
  return out;
}

Task<Result<std::vector<cri::EnvVar>>> make_environment(EnvironmentInputs inputs) {
  return run_builder(std::make_unique<Builder>(std::move(inputs)));
}

}  // namespace xebec::kubelet
