"""The engine `proxy`: Envoy's configuration decoded, decided by, and judged by Envoy itself."""
