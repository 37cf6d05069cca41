#include <fmt/format.h>

#include <algorithm>

#include "apiserver/validation/networking.h"

namespace xebec::apiserver::validation {
namespace {

using networkingv1::Ingress;

constexpr size_t kLongestController = 250;
constexpr std::string_view kClassAnnotation = "kubernetes.io/ingress.class";

// What an update looks past, because what is stored may be older than the rule.
struct Leniency {
  bool secret_names = false;
  bool wildcard_rules = false;
};

bool is_wildcard(std::string_view host) { return host.find('*') != std::string_view::npos; }

void check_host(Errors& errors, const Path& path, std::string_view host) {
  if (is_wildcard(host)) {
    check_wildcard_subdomain(errors, path, host);
  } else {
    check_dns_subdomain(errors, path, host);
  }
}

// Of a backend's resource, or of the parameters of a class.
void check_object_reference(Errors& errors, const Path& path, const std::optional<std::string>& group,
                            std::string_view kind, std::string_view name) {
  if (group) check_dns_subdomain(errors, path.child("apiGroup"), *group);
  check_path_segment(errors, path.child("kind"), kind, "kind is required");
  check_path_segment(errors, path.child("name"), name, "name is required");
}

void check_service(Errors& errors, const Path& path, const networkingv1::IngressServiceBackend& service) {
  const Path at = path.child("service");
  if (service.name.empty()) {
    errors.push_back(field::required(at.child("name")));
  } else {
    check_dns_label(errors, at.child("name"), service.name);
  }
  const bool named = !service.port.name.empty(), numbered = service.port.number != 0;
  if (named && numbered) {
    errors.push_back(field::invalid_string(path, "", "cannot set both port name & port number"));
  } else if (named) {
    check_messages(errors, at.child("port").child("name"), service.port.name,
                   is_valid_port_name(service.port.name));
  } else if (numbered) {
    check_port(errors, at.child("port").child("number"), service.port.number);
  } else {
    errors.push_back(field::required(path, "port name or number is required"));
  }
}

void check_backend(Errors& errors, const Path& path, const networkingv1::IngressBackend& backend) {
  if (backend.resource && backend.service) {
    errors.push_back(field::invalid_string(path, "", "cannot set both resource and service backends"));
  } else if (backend.resource) {
    check_object_reference(errors, path.child("resource"), backend.resource->apiGroup, backend.resource->kind,
                           backend.resource->name);
  } else if (backend.service) {
    check_service(errors, path, *backend.service);
  } else {
    errors.push_back(field::invalid_string(path, "", "resource or service backend is required"));
  }
}

// Paths that are compared by their parts must have them plainly.
void check_plain_path(Errors& errors, const Path& path, const std::string& text) {
  for (std::string_view part : {"//", "/./", "/../", "%2f", "%2F"}) {
    if (text.find(part) != std::string::npos)
      errors.push_back(field::invalid_string(path, text, fmt::format("must not contain '{}'", part)));
  }
  for (std::string_view end : {"/..", "/."}) {
    if (text.ends_with(end))
      errors.push_back(field::invalid_string(path, text, fmt::format("cannot end with '{}'", end)));
  }
}

void check_path(Errors& errors, const Path& path, const networkingv1::HTTPIngressPath& rule) {
  if (!rule.pathType)
    return void(errors.push_back(field::required(path.child("pathType"), "pathType must be specified")));
  const Path at = path.child("path");
  const bool plain = rule.pathType == "Exact" || rule.pathType == "Prefix";
  if (plain || (rule.pathType == "ImplementationSpecific" && !rule.path.empty())) {
    if (!rule.path.starts_with('/'))
      errors.push_back(field::invalid_string(at, rule.path, "must be an absolute path"));
  }
  if (plain) check_plain_path(errors, at, rule.path);
  check_enum(errors, path.child("pathType"), rule.pathType, {"Exact", "ImplementationSpecific", "Prefix"});
  check_backend(errors, path.child("backend"), rule.backend);
}

void check_rule_value(Errors& errors, const Path& path, const networkingv1::IngressRule& rule) {
  if (!rule.http) return;
  const Path paths = path.child("http").child("paths");
  if (rule.http->paths.empty()) errors.push_back(field::required(paths));
  for (size_t i = 0; i < rule.http->paths.size(); ++i)
    check_path(errors, paths.index(i), rule.http->paths[i]);
}

void check_rule(Errors& errors, const Path& path, const networkingv1::IngressRule& rule,
                const Leniency& leniency) {
  if (!rule.host.empty()) {
    if (is_ip(rule.host)) {
      errors.push_back(
          field::invalid_string(path.child("host"), rule.host, "must be a DNS name, not an IP address"));
    }
    check_host(errors, path.child("host"), rule.host);
  }
  if (!is_wildcard(rule.host) || !leniency.wildcard_rules) check_rule_value(errors, path, rule);
}

void check_tls(Errors& errors, const Path& path, const networkingv1::IngressTLS& tls,
               const Leniency& leniency) {
  for (size_t i = 0; i < tls.hosts.size(); ++i)
    check_host(errors, path.child("hosts").index(i), tls.hosts[i]);
  if (!leniency.secret_names && !tls.secretName.empty())
    check_dns_subdomain(errors, path.child("secretName"), tls.secretName);
}

Errors validate(const Ingress& ingress, const Leniency& leniency) {
  Errors errors;
  const Path path("spec");
  const networkingv1::IngressSpec& spec = ingress.spec;
  if (spec.rules.empty() && !spec.defaultBackend) {
    errors.push_back(field::invalid(path, "null", "either `defaultBackend` or `rules` must be specified"));
  }
  if (spec.defaultBackend) check_backend(errors, path.child("defaultBackend"), *spec.defaultBackend);
  for (size_t i = 0; i < spec.rules.size(); ++i)
    check_rule(errors, path.child("rules").index(i), spec.rules[i], leniency);
  for (size_t i = 0; i < spec.tls.size(); ++i)
    check_tls(errors, path.child("tls").index(i), spec.tls[i], leniency);
  if (spec.ingressClassName)
    check_dns_subdomain(errors, path.child("ingressClassName"), *spec.ingressClassName);
  return errors;
}

Leniency leniency_of(const Ingress& old) {
  Leniency out;
  out.secret_names = std::any_of(old.spec.tls.begin(), old.spec.tls.end(), [](const auto& tls) {
    return !tls.secretName.empty() && !api::is_dns1123_subdomain(tls.secretName).empty();
  });
  out.wildcard_rules = std::any_of(old.spec.rules.begin(), old.spec.rules.end(), [](const auto& rule) {
    Errors errors;
    check_rule_value(errors, Path(), rule);
    return is_wildcard(rule.host) && !errors.empty();
  });
  return out;
}

void check_scope(Errors& errors, const Path& path,
                 const networkingv1::IngressClassParametersReference& parameters) {
  const Path ns = path.child("namespace");
  if (!parameters.scope) return void(errors.push_back(field::required(path.child("scope"))));
  check_enum(errors, path.child("scope"), parameters.scope, {"Cluster", "Namespace"});
  if (parameters.scope == "Namespace" && !parameters.namespace_) {
    errors.push_back(field::required(ns, "`parameters.scope` is set to 'Namespace'"));
  } else if (parameters.scope == "Namespace") {
    check_dns_label(errors, ns, *parameters.namespace_);
  } else if (parameters.scope == "Cluster" && parameters.namespace_) {
    errors.push_back(field::forbidden(ns, "`parameters.scope` is set to 'Cluster'"));
  }
}

}  // namespace

Errors validate_ingress(const Ingress& ingress) {
  Errors errors = validate(ingress, {});
  const std::string* annotation = ingress.metadata.annotations.get(kClassAnnotation);
  if (annotation != nullptr && ingress.spec.ingressClassName) {
    errors.push_back(field::invalid_string(Path("annotations").child(kClassAnnotation), *annotation,
                                           "can not be set when the class field is also set"));
  }
  return errors;
}

Errors validate_ingress_update(const Ingress& ingress, const Ingress& old) {
  return validate(ingress, leniency_of(old));
}

Errors validate_ingress_status_update(const Ingress& ingress, const Ingress& old) {
  Errors errors;
  const auto& before = old.status.loadBalancer.ingress;
  const auto& points = ingress.status.loadBalancer.ingress;
  for (size_t i = 0; i < points.size(); ++i) {
    const Path path = Path("status").child("loadBalancer").child("ingress").index(i);
    const bool known = std::any_of(before.begin(), before.end(),
                                   [&](const auto& point) { return point.ip == points[i].ip; });
    if (!points[i].ip.empty() && !known) check_ip(errors, path.child("ip"), points[i].ip);
    if (points[i].hostname.empty()) continue;
    check_dns_subdomain(errors, path.child("hostname"), points[i].hostname);
    if (is_ip(points[i].hostname)) {
      errors.push_back(field::invalid_string(path.child("hostname"), points[i].hostname,
                                             "must be a DNS name, not an IP address"));
    }
  }
  return errors;
}

Errors validate_ingress_class(const networkingv1::IngressClass& ingress_class) {
  Errors errors;
  const Path path("spec");
  const networkingv1::IngressClassSpec& spec = ingress_class.spec;
  if (spec.controller.size() > kLongestController)
    errors.push_back(field::too_long(path.child("controller"), kLongestController));
  check_domain_prefixed_path(errors, path.child("controller"), spec.controller);
  if (!spec.parameters) return errors;
  const Path parameters = path.child("parameters");
  check_object_reference(errors, parameters, spec.parameters->apiGroup, spec.parameters->kind,
                         spec.parameters->name);
  check_scope(errors, parameters, *spec.parameters);
  return errors;
}

Errors validate_ingress_class_update(const networkingv1::IngressClass& ingress_class,
                                     const networkingv1::IngressClass& old) {
  Errors errors;
  const std::string& controller = ingress_class.spec.controller;
  check_immutable(errors, Path("spec").child("controller"), controller == old.spec.controller,
                  field::quote(controller));
  field::append(errors, validate_ingress_class(ingress_class));
  return errors;
}

}  // namespace xebec::apiserver::validation
