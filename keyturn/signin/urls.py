"""Which address leads to which page of the signin?"""

from django.urls import path

from keyturn.signin import views

app_name = "signin"
urlpatterns = [
    path("signin", views.SignInView.as_view(), name="signin"),
    path("signout", views.sign_out, name="signout"),
]
