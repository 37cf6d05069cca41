# The Ruby client (Debian's ruby-kubeclient): usage: ruby_client.rb api|restart|node, with KUBECONFIG and TEST_NAMESPACE.
# Says a JSON line a capability: {"capability": ..., "error": null or text}; `restart` says READY before it waits for the restart.
require "json"
require "kubeclient"

NS = ENV.fetch("TEST_NAMESPACE")
CONFIG = Kubeclient::Config.read(ENV.fetch("KUBECONFIG")).context
IMAGE = "g1g1/hue-learn:v3.0".freeze

def client(path = "", version = "v1", auth: {})
  ssl = auth.empty? ? CONFIG.ssl_options : CONFIG.ssl_options.reject { |key, _| %i[client_cert client_key].include?(key) }
  Kubeclient::Client.new(CONFIG.api_endpoint + path, version, ssl_options: ssl, auth_options: auth)
end

CORE = client
APPS = client("/apis/apps")

def config_map(name, data = {})
  Kubeclient::Resource.new(metadata: { name: name, namespace: NS, labels: { app: "hue" } }, data: data)
end

def deployment(name, replicas = 0)
  labels = { app: name }
  Kubeclient::Resource.new(metadata: { name: name, namespace: NS },
                           spec: { replicas: replicas, selector: { matchLabels: labels },
                                   template: { metadata: { labels: labels }, spec: { containers: [{ name: "main", image: IMAGE }] } } })
end

def same(got, wanted)
  raise "#{got.inspect} instead of #{wanted.inspect}" unless got == wanted
end

def refused(status, reason, message, kind = Kubeclient::HttpError)
  yield
rescue Kubeclient::HttpError => e
  body = JSON.parse(e.response.body)
  same([e.error_code, body["reason"], e.message, body["message"], e.is_a?(kind)], [status, reason, message, message, true])
else
  raise "not refused: #{message}"
end

def crud
  same(CORE.create_config_map(config_map("one", colour: "blue")).metadata.namespace, NS)
  read = CORE.get_config_map("one", NS)
  read.data.colour = "green"
  CORE.update_config_map(read)
  refused(409, "Conflict", 'Operation cannot be fulfilled on configmaps "one": the object has been modified; please apply your changes to the latest version and try again') { CORE.update_config_map(read) }
  same(CORE.get_config_maps(namespace: NS, label_selector: "app=hue").map { |item| item.data.colour }, ["green"])
  same(CORE.delete_config_map("one", NS).status, "Success")
  refused(404, "NotFound", 'configmaps "one" not found', Kubeclient::ResourceNotFoundError) { CORE.get_config_map("one", NS) }
end

def patched
  APPS.create_deployment(deployment("patched"))
  yield
  APPS.get_deployment("patched", NS).spec.template.spec.containers.map { |c| [c.name, c.image] }
ensure
  APPS.delete_deployment("patched", NS)
end

CONTAINERS = { spec: { template: { spec: { containers: [{ name: "other", image: "two" }] } } } }.freeze

def patch_json
  patch = [{ op: "replace", path: "/spec/template/spec/containers/0/image", value: "two" }]
  same(patched { APPS.json_patch_deployment("patched", patch, NS) }, [%w[main two]])
end

def patch_merge
  same(patched { APPS.merge_patch_deployment("patched", CONTAINERS, NS) }, [%w[other two]])
end

def patch_strategic
  same(patched { APPS.patch_deployment("patched", CONTAINERS, NS) }, [%w[other two], ["main", IMAGE]])
end

def apply
  body = ->(colour) { { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "owned", namespace: NS }, data: { colour: colour } } }
  CORE.apply_config_map(body.call("blue"), field_manager: "one", force: false)
  refused(409, "Conflict", 'Apply failed with 1 conflict: conflict with "one": .data.colour') do
    CORE.apply_config_map(body.call("red"), field_manager: "two", force: false)
  end
  CORE.apply_config_map(body.call("red"), field_manager: "two", force: true)
  same(CORE.get_config_map("owned", NS).data.colour, "red")
  CORE.delete_config_map("owned", NS)
end

def paging
  names = (0...5).map { |i| "page-#{i}" }
  names.each { |name| CORE.create_config_map(config_map(name)) }
  got = []
  token = nil
  pages = 0
  loop do
    page = CORE.get_config_maps(namespace: NS, limit: 2, continue: token)
    got += page.map { |item| item.metadata.name }
    pages += 1
    token = page.continue
    break if page.last?
  end
  same([got.grep(/^page/), pages], [names, 3])
  names.each { |name| CORE.delete_config_map(name, NS) }
end

def watching
  version = CORE.get_config_maps(namespace: NS).resourceVersion
  CORE.create_config_map(config_map("watched", a: "1"))
  CORE.merge_patch_config_map("watched", { data: { a: "2" } }, NS)
  CORE.delete_config_map("watched", NS)
  seen = []
  watcher = CORE.watch_config_maps(namespace: NS, resource_version: version)
  watcher.each do |event|
    seen << [event.type, event.object.metadata.name, event.object.data.a]
    watcher.finish if event.type == "DELETED"
  end
  same(seen, [%w[ADDED watched 1], %w[MODIFIED watched 2], %w[DELETED watched 2]])
end

def errors
  CORE.create_config_map(config_map("twice"))
  refused(409, "AlreadyExists", 'configmaps "twice" already exists') { CORE.create_config_map(config_map("twice")) }
  CORE.delete_config_map("twice", NS)
  refused(422, "Invalid", 'Deployment.apps "bad" is invalid: spec.replicas: Invalid value: -1: must be greater than or equal to 0') { APPS.create_deployment(deployment("bad", -1)) }
  refused(404, "NotFound", 'namespaces "nowhere" not found') { CORE.create_config_map(config_map("lost").tap { |map| map.metadata.namespace = "nowhere" }) }
  refused(401, "Unauthorized", "Unauthorized") { client("", auth: { bearer_token: "nonsense" }).get_pods(namespace: NS) }
end

def token
  CORE.create_service_account(Kubeclient::Resource.new(metadata: { name: "robot", namespace: NS }))
  answer = CORE.rest_client["namespaces/#{NS}/serviceaccounts/robot/token"].post(
    { apiVersion: "authentication.k8s.io/v1", kind: "TokenRequest", spec: { expirationSeconds: 600 } }.to_json, "Content-Type" => "application/json"
  )
  robot = client("", auth: { bearer_token: JSON.parse(answer.body)["status"]["token"] })
  refused(403, "Forbidden", "pods is forbidden: User \"system:serviceaccount:#{NS}:robot\" cannot list resource \"pods\" in API group \"\" in the namespace \"#{NS}\"") { robot.get_pods(namespace: NS) }
end

def discovery
  leases = client("/apis/coordination.k8s.io")
  leases.create_lease(Kubeclient::Resource.new(metadata: { name: "mine", namespace: NS }, spec: { holderIdentity: "me" }))
  same(leases.get_leases(namespace: NS).map { |lease| lease.spec.holderIdentity }, ["me"])
  leases.delete_lease("mine", NS)
end

# As the client's users write it: the watch is opened again from the last version when its connection breaks.
def restart
  version = CORE.get_config_maps(namespace: NS).resourceVersion
  puts "READY"
  deadline = Time.now + 60
  seen = []
  until seen.include?("after")
    raise "only #{seen} in a minute" if Time.now > deadline

    begin
      watcher = CORE.watch_config_maps(namespace: NS, label_selector: "round", resource_version: version)
      watcher.each do |event|
        version = event.object.metadata.resourceVersion
        seen << event.object.metadata.name
        puts "SEEN #{seen.last}"
        watcher.finish if seen.last == "after"
      end
    rescue Kubeclient::HttpError, HTTP::Error, OpenSSL::SSL::SSLError, SystemCallError, IOError
      nil
    end
    sleep 0.1
  end
  same(seen, %w[before after])
end

def logs
  same(CORE.get_pod_log("speaker", NS).to_s.lines.first, "one\n")
  same(CORE.get_pod_log("speaker", NS, tail_lines: 1).to_s, "two\n")
  lines = CORE.watch_pod_log("speaker", NS)
  lines.each do |line|
    same(line, "one")
    lines.finish
    break
  end
end

PHASES = {
  "api" => { "create, get, list, update, delete" => :crud, "patch: JSON" => :patch_json, "patch: merge" => :patch_merge,
             "patch: strategic merge" => :patch_strategic, "server-side apply and its conflict" => :apply,
             "list with limit and continue" => :paging, "watch" => :watching,
             "errors in upstream's reasons and words" => :errors, "authentication by a service account's token" => :token,
             "discovery" => :discovery },
  "restart" => { "watch through kill -9 of the server" => :restart },
  "node" => { "logs" => :logs }
}.freeze

$stdout.sync = true
PHASES.fetch(ARGV[0]).each do |capability, call|
  problem = nil
  begin
    send(call)
  rescue StandardError => e # whatever a client throws is the answer
    problem = "#{e.class}: #{e.message}"
  end
  puts({ capability: capability, error: problem }.to_json)
end
