"""What reaches a cluster: Helm, kubectl, Argo CD."""
