"""The local GitHub: the parts of its REST API that store the settings of a repository's environments."""

from deployer.local.github.app import GitHub, GitHubConfig

__all__ = ["GitHub", "GitHubConfig"]
