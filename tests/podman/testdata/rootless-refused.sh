# A user whose engine cannot make containers: that is said, with what to do, and nothing is made; left alone a site gets plain Linux.
"$P" system doctor --platform podman; echo "doctor: $?"
"$P" site create east --platform podman --engine embedded; echo "podman: $?"
echo "made: $(find ~/.local/share/skupper -name 'Site-*' -o -name platform.yaml -o -name container.json -o -name skrouterd.json 2>/dev/null)"
"$P" site create east --engine embedded; echo "create: $?"
"$P" system status
"$P" site delete east --all; echo "delete: $?"
