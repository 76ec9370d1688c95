# A user makes and removes a site in a container without rights.
CONTAINER_ENDPOINT=unix://$FOREIGN "$P" site create east --platform podman; echo "foreign engine: $?"
"$P" system doctor --noheading; echo "doctor: $?"
"$P" site create east --engine embedded; echo "create: $?"
"$P" system status
"$P" site status; echo "status: $?"
"$P" system doctor --noheading
"$P" listener create low 80; echo "low: $?"
"$P" listener status low
"$P" listener create allowed 443; echo "allowed: $?"
"$P" listener status
"$P" routeraccess create partners --role inter-router:81; echo "low access: $?"
echo "user: $(podman inspect default-skupper-router --format '{{.Config.User}}')"
echo "process: $(ps -o uid= -p "$(podman inspect default-skupper-router --format '{{.State.Pid}}')")"
"$P" site delete east --all; echo "delete: $?"
echo "left: $(podman ps -aq)$(podman images -q)"
