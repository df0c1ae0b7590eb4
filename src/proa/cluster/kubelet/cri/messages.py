"""Wire tables of the container runtime interface, as far as this kubelet speaks it.

Source: kubernetes/cri-api, runtime.v1 (field numbers), and containerd's own services. Only
fields that are used stand here; the codec skips the others.
"""

from proa.cluster.protobuf import Codec, messages

_SANDBOXES = {
    "DNSConfig": "1 servers string[]; 2 searches string[]; 3 options string[]",
    "PortMapping": "1 protocol enum; 2 container_port int32; 3 host_port int32; 4 host_ip string",
    "Int64Value": "1 value int64",
    "NamespaceOption": "1 network enum; 2 pid enum; 3 ipc enum; 4 target_id string",
    "SecurityProfile": "1 profile_type enum; 2 localhost_ref string",
    "LinuxSandboxSecurityContext": """
        1 namespace_options NamespaceOption; 3 run_as_user Int64Value; 8 run_as_group Int64Value;
        4 readonly_rootfs bool; 5 supplemental_groups int64[]; 6 privileged bool; 9 seccomp SecurityProfile
    """,
    "LinuxPodSandboxConfig": """
        1 cgroup_parent string; 2 security_context LinuxSandboxSecurityContext; 3 sysctls map<string>
    """,
    "PodSandboxMetadata": "1 name string; 2 uid string; 3 namespace string; 4 attempt uint32",
    "PodSandboxConfig": """
        1 metadata PodSandboxMetadata; 2 hostname string; 3 log_directory string; 4 dns_config DNSConfig;
        5 port_mappings PortMapping[]; 6 labels map<string>; 7 annotations map<string>;
        8 linux LinuxPodSandboxConfig
    """,
    "RunPodSandboxRequest": "1 config PodSandboxConfig; 2 runtime_handler string",
    "RunPodSandboxResponse": "1 pod_sandbox_id string",
    "PodSandboxId": "1 pod_sandbox_id string",
    "PodIP": "1 ip string",
    "PodSandboxNetworkStatus": "1 ip string; 2 additional_ips PodIP[]",
    "PodSandboxStatus": "1 id string; 3 state enum; 5 network PodSandboxNetworkStatus",
    "PodSandboxStatusResponse": "1 status PodSandboxStatus",
    "PodSandboxFilter": "1 id string; 3 label_selector map<string>",
    "ListPodSandboxRequest": "1 filter PodSandboxFilter",
    "PodSandbox": """
        1 id string; 2 metadata PodSandboxMetadata; 3 state enum; 4 created_at int64; 5 labels map<string>;
        6 annotations map<string>
    """,
    "ListPodSandboxResponse": "1 items PodSandbox[]",
}

_CONTAINERS = {
    "ImageSpec": "1 image string",
    "KeyValue": "1 key string; 2 value string",
    "Mount": "1 container_path string; 2 host_path string; 3 readonly bool; 5 propagation enum",
    "Device": "1 container_path string; 2 host_path string; 3 permissions string",
    "LinuxContainerResources": """
        1 cpu_period int64; 2 cpu_quota int64; 3 cpu_shares int64; 4 memory_limit_in_bytes int64;
        5 oom_score_adj int64; 9 unified map<string>
    """,
    "Capability": "1 add_capabilities string[]; 2 drop_capabilities string[]",
    "LinuxContainerSecurityContext": """
        1 capabilities Capability; 2 privileged bool; 3 namespace_options NamespaceOption;
        5 run_as_user Int64Value; 12 run_as_group Int64Value; 7 readonly_rootfs bool;
        8 supplemental_groups int64[]; 11 no_new_privs bool; 13 masked_paths string[];
        14 readonly_paths string[]; 15 seccomp SecurityProfile; 16 apparmor SecurityProfile
    """,
    "LinuxContainerConfig": """
        1 resources LinuxContainerResources; 2 security_context LinuxContainerSecurityContext
    """,
    "ContainerMetadata": "1 name string; 2 attempt uint32",
    "ContainerConfig": """
        1 metadata ContainerMetadata; 2 image ImageSpec; 3 command string[]; 4 args string[];
        5 working_dir string; 6 envs KeyValue[]; 7 mounts Mount[]; 8 devices Device[]; 9 labels map<string>;
        10 annotations map<string>; 11 log_path string; 12 stdin bool; 13 stdin_once bool; 14 tty bool;
        15 linux LinuxContainerConfig
    """,
    "CreateContainerRequest": """
        1 pod_sandbox_id string; 2 config ContainerConfig; 3 sandbox_config PodSandboxConfig
    """,
    "ContainerId": "1 container_id string",
    "UpdateContainerResourcesRequest": "1 container_id string; 2 linux LinuxContainerResources",
    "StopContainerRequest": "1 container_id string; 2 timeout int64",
    "ContainerFilter": "1 id string; 3 pod_sandbox_id string; 4 label_selector map<string>",
    "ListContainersRequest": "1 filter ContainerFilter",
    "Container": """
        1 id string; 2 pod_sandbox_id string; 3 metadata ContainerMetadata; 5 image_ref string; 6 state enum;
        7 created_at int64; 8 labels map<string>
    """,
    "ListContainersResponse": "1 containers Container[]",
    "ContainerStatus": """
        1 id string; 2 metadata ContainerMetadata; 3 state enum; 4 created_at int64; 5 started_at int64;
        6 finished_at int64; 7 exit_code int32; 8 image ImageSpec; 9 image_ref string; 10 reason string;
        11 message string; 12 labels map<string>; 13 annotations map<string>; 15 log_path string
    """,
    "ContainerStatusResponse": "1 status ContainerStatus",
    "ExecSyncRequest": "1 container_id string; 2 cmd string[]; 3 timeout int64",
    "ExecSyncResponse": "1 stdout bytes; 2 stderr bytes; 3 exit_code int32",
}

_RUNTIME = {
    "Empty": "",
    "VersionResponse": "2 runtime_name string; 3 runtime_version string",
    "RuntimeCondition": "1 type string; 2 status bool; 3 reason string; 4 message string",
    "RuntimeStatus": "1 conditions RuntimeCondition[]",
    "StatusResponse": "1 status RuntimeStatus",
}

_IMAGES = {
    "ImageFilter": "1 image ImageSpec",
    "ListImagesRequest": "1 filter ImageFilter",
    "Image": """
        1 id string; 2 repo_tags string[]; 3 repo_digests string[]; 4 size uint64; 5 uid Int64Value;
        6 username string; 8 pinned bool
    """,
    "ListImagesResponse": "1 images Image[]",
    "ImageRequest": "1 image ImageSpec; 2 verbose bool",
    "ImageStatusResponse": "1 image Image; 2 info map<string>",
    "AuthConfig": """
        1 username string; 2 password string; 3 auth string; 4 server_address string;
        5 identity_token string; 6 registry_token string
    """,
    "PullImageRequest": "1 image ImageSpec; 2 auth AuthConfig; 3 sandbox_config PodSandboxConfig",
    "PullImageResponse": "1 image_ref string",
}

_USAGE = {
    "UInt64Value": "1 value uint64",
    "FilesystemIdentifier": "1 mountpoint string",
    "FilesystemUsage": "2 fs_id FilesystemIdentifier; 3 used_bytes UInt64Value; 4 inodes_used UInt64Value",
    "ContainerAttributes": "1 id string",
    "ContainerStats": "1 attributes ContainerAttributes; 4 writable_layer FilesystemUsage",
    "ListContainerStatsRequest": "1 filter ContainerFilter",
    "ListContainerStatsResponse": "1 stats ContainerStats[]",
    "ImageFsInfoResponse": "1 image_filesystems FilesystemUsage[]",
}

_EVENTS = {
    "SubscribeRequest": "1 filters string[]",
    "Any": "1 type_url string; 2 value bytes",
    "Envelope": "2 namespace string; 3 topic string; 4 event Any",
    "TaskExit": "1 container_id string; 2 id string",
    "TaskOOM": "1 container_id string",
}

_STREAMS = {
    "AttachRequest": "1 container_id string; 2 stdin bool; 3 tty bool; 4 stdout bool; 5 stderr bool",
    "PortForwardRequest": "1 pod_sandbox_id string",
    "StreamingUrl": "1 url string",
}

_TASKS = {
    "GetContainerRequest": "1 id string",
    "StoredContainer": "1 id string; 5 spec Any",
    "GetContainerResponse": "1 container StoredContainer",
    "ProcessId": "1 container_id string; 2 exec_id string",
    "ExecProcessRequest": """
        1 container_id string; 2 stdin string; 3 stdout string; 4 stderr string; 5 terminal bool; 6 spec Any;
        7 exec_id string
    """,
    "WaitResponse": "1 exit_status uint32",
    "CloseIORequest": "1 container_id string; 2 exec_id string; 3 stdin bool",
    "ResizePtyRequest": "1 container_id string; 2 exec_id string; 3 width uint32; 4 height uint32",
}

_SNAPSHOTS = {
    "ViewSnapshotRequest": "1 snapshotter string; 2 key string; 3 parent string; 4 labels map<string>",
    "SnapshotKey": "1 snapshotter string; 2 key string",
    "SnapshotMount": "1 type string; 2 source string; 4 options string[]",
    "SnapshotMounts": "1 mounts SnapshotMount[]",
}

CRI = Codec(
    messages(
        _SANDBOXES | _CONTAINERS | _RUNTIME | _IMAGES | _USAGE | _EVENTS | _STREAMS | _TASKS | _SNAPSHOTS
    ),
    fill_defaults=True,
)
"""Encodes and decodes every message that passes between this kubelet and containerd."""
