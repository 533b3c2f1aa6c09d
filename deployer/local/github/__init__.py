"""The local GitHub: those parts of its REST API that keep the settings of a repository's environments."""

from deployer.local.github.app import GitHub, GitHubConfig

__all__ = ["GitHub", "GitHubConfig"]
