#include <set>

#include "apiserver/validation/networking.h"

namespace xebec::apiserver::validation {
namespace {

using networkingv1::NetworkPolicy;
using Texts = std::set<std::string, std::less<>>;

void check_policy_port(Errors& errors, const Path& path, const networkingv1::NetworkPolicyPort& port) {
  check_enum(errors, path.child("protocol"), port.protocol, {"TCP", "UDP", "SCTP"});
  const Path end = path.child("endPort");
  if (!port.port) {
    if (port.endPort) {
      errors.push_back(
          field::invalid_int(end, *port.endPort, "may not be specified when `port` is not specified"));
    }
  } else if (port.port->is_int()) {
    check_port(errors, path.child("port"), port.port->int_val);
    if (!port.endPort) return;
    if (*port.endPort < port.port->int_val)
      errors.push_back(
          field::invalid_int(end, port.port->int_val, "must be greater than or equal to `port`"));
    check_port(errors, end, *port.endPort);
  } else {
    if (port.endPort) {
      errors.push_back(
          field::invalid_int(end, *port.endPort, "may not be specified when `port` is non-numeric"));
    }
    check_port_or_name(errors, path.child("port"), *port.port);
  }
}

// What is stored already may be written as it is.
struct Known {
  Texts cidrs;
  SelectorValues values = SelectorValues::kChecked;
};

void check_block(Errors& errors, const Path& path, const networkingv1::IPBlock& block, const Known& known) {
  const Path cidr = path.child("cidr");
  if (block.cidr.empty()) return void(errors.push_back(field::required(cidr)));
  if (!known.cidrs.contains(block.cidr)) check_cidr(errors, cidr, block.cidr);
  if (!is_cidr(block.cidr)) return;
  for (size_t i = 0; i < block.except.size(); ++i) {
    const Path except = path.child("except").index(i);
    if (!known.cidrs.contains(block.except[i])) check_cidr(errors, except, block.except[i]);
    if (is_cidr(block.except[i]) && !is_strict_subset(block.except[i], block.cidr))
      errors.push_back(field::invalid_string(except, block.except[i], "must be a strict subset of `cidr`"));
  }
}

void check_peer(Errors& errors, const Path& path, const networkingv1::NetworkPolicyPeer& peer,
                const Known& known) {
  if (peer.podSelector)
    check_label_selector(errors, path.child("podSelector"), *peer.podSelector, known.values);
  if (peer.namespaceSelector)
    check_label_selector(errors, path.child("namespaceSelector"), *peer.namespaceSelector, known.values);
  if (peer.ipBlock) check_block(errors, path.child("ipBlock"), *peer.ipBlock, known);
  const bool selects = peer.podSelector || peer.namespaceSelector;
  if (!selects && !peer.ipBlock) {
    errors.push_back(field::required(path, "must specify a peer"));
  } else if (selects && peer.ipBlock) {
    errors.push_back(field::forbidden(path, "may not specify both ipBlock and another peer"));
  }
}

template <class Rule, class Peers>
void check_rules(Errors& errors, const Path& path, const std::vector<Rule>& rules, Peers peers,
                 std::string_view peers_name, const Known& known) {
  for (size_t i = 0; i < rules.size(); ++i) {
    for (size_t j = 0; j < rules[i].ports.size(); ++j)
      check_policy_port(errors, path.index(i).child("ports").index(j), rules[i].ports[j]);
    for (size_t j = 0; j < (rules[i].*peers).size(); ++j)
      check_peer(errors, path.index(i).child(peers_name).index(j), (rules[i].*peers)[j], known);
  }
}

void check_types(Errors& errors, const Path& path, const std::vector<std::string>& types) {
  if (types.size() > 2) {
    errors.push_back(field::invalid(path, go_json(types), "may not specify more than two policyTypes"));
    return;
  }
  for (size_t i = 0; i < types.size(); ++i)
    check_enum(errors, path.index(i), std::string_view(types[i]), {"Ingress", "Egress"});
}

Errors validate(const NetworkPolicy& policy, const Known& known) {
  Errors errors;
  const Path path("spec");
  const networkingv1::NetworkPolicySpec& spec = policy.spec;
  check_label_selector(errors, path.child("podSelector"), spec.podSelector, known.values);
  check_rules(errors, path.child("ingress"), spec.ingress, &networkingv1::NetworkPolicyIngressRule::from,
              "from", known);
  check_rules(errors, path.child("egress"), spec.egress, &networkingv1::NetworkPolicyEgressRule::to, "to",
              known);
  check_types(errors, path.child("policyTypes"), spec.policyTypes);
  return errors;
}

Known known_of(const NetworkPolicy& policy) {
  Known out;
  auto look_at = [&](const metav1::LabelSelector* selector) {
    if (values_after(selector) == SelectorValues::kAny) out.values = SelectorValues::kAny;
  };
  auto add = [&](const std::vector<networkingv1::NetworkPolicyPeer>& peers) {
    for (const networkingv1::NetworkPolicyPeer& peer : peers) {
      look_at(peer.podSelector.get());
      look_at(peer.namespaceSelector.get());
      if (!peer.ipBlock) continue;
      out.cidrs.insert(peer.ipBlock->cidr);
      out.cidrs.insert(peer.ipBlock->except.begin(), peer.ipBlock->except.end());
    }
  };
  look_at(&policy.spec.podSelector);
  for (const networkingv1::NetworkPolicyIngressRule& rule : policy.spec.ingress) add(rule.from);
  for (const networkingv1::NetworkPolicyEgressRule& rule : policy.spec.egress) add(rule.to);
  return out;
}

}  // namespace

Errors validate_network_policy(const NetworkPolicy& policy) { return validate(policy, {}); }

Errors validate_network_policy_update(const NetworkPolicy& policy, const NetworkPolicy& old) {
  return validate(policy, known_of(old));
}

}  // namespace xebec::apiserver::validation
